// What every screen behind the line has at its top: the time left inside, the way out, and seats already held.

import { ask, h, say, setText } from './dom.js';
import { countdown } from './watch.js';
import { clock, t } from './words.js';

export const WARN_MS = 60000; // left on a countdown when it is said aloud, once

async function leave(page) {
	const sure = await ask({
		title: t('line.leave.title'), body: [t('line.leave.body')], yes: t('line.leave.yes'), no: t('line.leave.no'), danger: true,
	});
	if (!sure || !page.place) return;
	await page.ask('DELETE', '/v1/tokens');
	page.placeEnd();
	page.show('ended', { why: 'left' }, { hash: '' });
}

/** The button that gives the place up: the one way to lose it, so it asks first. */
export function leaveButton(page) {
	return h('button', { class: 'quiet', type: 'button', on: { click: () => leave(page) } }, t('line.leave'));
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
