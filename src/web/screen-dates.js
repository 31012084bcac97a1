// The dates with free seats, for who is inside.

import { h, fill } from './dom.js';
import { heldNote, sessionStrip } from './session.js';
import { dateTime, number, t } from './words.js';

const LOOK_MS = 5000;

function dateButton(page, date) {
	const open = () => page.show('seats', { scheduleId: date.scheduleId, schedule: date }, { hash: `#seats-${date.scheduleId}` });
	return h('li', {}, h('button', { class: 'card concert', type: 'button', on: { click: open } },
		h('span', { class: 'grow stack-small' },
			h('strong', { class: 'big' }, dateTime(date.startsAt)),
			h('span', { class: 'soft small' }, date.venue)),
		h('span', { class: 'badge figures' }, t('dates.left', { n: number(date.seatsLeft) })),
		h('span', { class: 'go', 'aria-hidden': 'true' }, '›')));
}

export function datesScreen(page) {
	const list = h('div', {}, h('p', { class: 'soft' }, t('loading')));
	let timer = 0;
	let shown = '';

	async function look() {
		const answer = await page.ask('GET', `/v1/concerts/${page.concert.concertId}/dates`);
		if (page.shown?.screen !== screen) return;
		if (answer.code === 'WRONG_QUEUE') page.dropped('other');
		const dates = answer.body?.dates ?? [];
		if (JSON.stringify(dates) !== shown) {
			const focused = [...list.querySelectorAll('button')].indexOf(document.activeElement);
			shown = JSON.stringify(dates);
			fill(list, dates.length ? h('ul', { class: 'plain stack' }, dates.map((date) => dateButton(page, date)))
				: h('p', { class: 'note warn' }, t('dates.none')));
			if (focused >= 0) list.querySelectorAll('button')[focused]?.focus();
		}
		timer = setTimeout(look, LOOK_MS);
	}

	const strip = sessionStrip(page);
	const screen = {
		title: page.concert.title,
		node: h('div', { class: 'stack rises' }, strip.node, heldNote(page),
			h('p', { class: 'soft' }, page.concert.title), h('h1', { tabindex: '-1' }, t('dates.title')), list),
		update: strip.update,
		stop() {
			clearTimeout(timer);
			strip.stop();
		},
	};
	queueMicrotask(look);
	return screen;
}
