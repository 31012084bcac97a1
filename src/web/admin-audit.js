// The audit: every invariant, what was counted, and whether it holds.

import { admin } from './admin-session.js';
import { fill, h, say } from './dom.js';
import { dateTime, number, t } from './words.js';

const AUDIT_MS = 120000;

let last = null; // the last result of this tab

function row({ name, counted, violations, holds }) {
	return h('tr', {},
		h('th', { scope: 'row' }, t(name)),
		h('td', { class: 'n' }, number(counted)), h('td', { class: 'n' }, number(violations)),
		h('td', {}, h('span', { class: 'badge', 'data-state': holds ? 'open' : 'broken' }, t(holds ? 'audit.yes' : 'audit.no'))));
}

function verdict({ audit, at }) {
	const broken = audit.invariants.filter((one) => !one.holds).length;
	return h('p', { class: `note ${audit.holds ? 'good' : 'bad'}` },
		h('strong', {}, audit.holds ? t('audit.holds') : t('audit.broken', { n: number(broken) })), ' ',
		t('audit.at', { time: dateTime(at, { timeStyle: 'medium' }) }));
}

function result(done) {
	const names = [['invariant', ''], ['counted', 'n'], ['violations', 'n'], ['result', '']];
	return [
		verdict(done),
		h('div', { class: 'card scroll', tabindex: 0, role: 'region', 'aria-label': t('audit.title') },
			h('table', {},
				h('thead', {}, h('tr', {}, names.map(([name, kind]) => h('th', { scope: 'col', class: kind }, t(`audit.${name}`))))),
				h('tbody', {}, done.audit.invariants.map(row)))),
	];
}

async function check() {
	const { status, body } = await admin('GET', '/audit', { ms: AUDIT_MS });
	if (status !== 200) throw new Error(body?.detail ?? String(status));
	return { audit: body, at: Date.now() };
}

/** @return {{element: HTMLElement, title: string}} */
export function auditScreen() {
	const shown = h('div', { class: 'stack' }, last && result(last));
	const button = h('button', { class: 'primary', type: 'button' }, t('audit.do'));
	button.addEventListener('click', async () => {
		button.disabled = true;
		fill(shown, h('p', { class: 'note' }, t('audit.checking')));
		try {
			last = await check();
			fill(shown, result(last));
			say(shown.firstChild.textContent);
		} catch (error) {
			fill(shown, h('p', { class: 'note bad', role: 'alert' }, t('audit.failed', { why: error.message })));
		}
		button.disabled = false;
		button.focus();
	});
	return {
		title: t('audit.title'),
		element: h('main', { class: 'stack' },
			h('div', { class: 'title' }, h('h1', { tabindex: -1 }, t('audit.title')), h('div', { class: 'buttons' }, button)),
			h('p', { class: 'soft' }, t('audit.about')), shown),
	};
}
