// What every screen behind the line has at its top: the time left inside, the way out, and seats already held.

import { ask, h, say, setText } from './dom.js';
import { countdown } from './watch.js';
import { clock, t } from './words.js';

export const WARN_MS = 60000; // left on a countdown when it is said aloud, once

// What leaving is called and what it asks, by where the person stands.
const LEAVING = {
	line: { button: 'line.leave', title: 'line.leave.title', body: 'line.leave.body', yes: 'line.leave.yes', no: 'line.leave.no' },
	inside: { button: 'inside.leave', title: 'inside.leave.title', body: 'inside.leave.body', yes: 'inside.leave.yes', no: 'inside.leave.no' },
};

async function leave(page, { title, body, yes, no }) {
	const sure = await ask({ title: t(title), body: [t(body)], yes: t(yes), no: t(no), danger: true });
	if (!sure || !page.place) return;
	await page.ask('DELETE', '/v1/tokens');
	page.placeEnd();
	page.show('ended', { why: 'left' }, { hash: '' });
}

/** The button that gives the place up, from the "line" or "inside": the one way to lose it, so it asks first. */
export function leaveButton(page, from = 'inside') {
	return h('button', { class: 'quiet', type: 'button', on: { click: () => leave(page, LEAVING[from]) } }, t(LEAVING[from].button));
}

/** @return {{node: HTMLElement, update: function(Object), stop: function()}} */
export function sessionStrip(page) {
	const time = h('strong', { class: 'figures', role: 'timer', 'aria-label': t('inside.label') });
	const node = h('div', { class: 'strip' }, h('span', {}, t('inside.left'), ' ', time), leaveButton(page));
	let until = 0;
	let stop = () => {};
	let warned = false;
	const draw = (left) => {
		setText(time, clock(left));
		node.classList.toggle('late', left < WARN_MS);
		if (left < WARN_MS && !warned) say(t('inside.warn'));
		warned = left < WARN_MS;
	};
	const update = (standing) => {
		const next = Date.parse(standing.sessionExpiresAt);
		if (!next || next === until) return;
		until = next;
		stop();
		stop = countdown(until, draw);
	};
	return { node, update, stop: () => stop() };
}

/** A line that leads to the payment of seats held already, or null. */
export function heldNote(page) {
	if (!page.place?.hold) return null;
	const go = () => page.show('pay', {}, { hash: '#pay' });
	return h('div', { class: 'note held' }, h('span', {}, t('seats.held')),
		h('button', { class: 'primary', type: 'button', on: { click: go } }, t('seats.held.go')));
}
