// The place is no more: why, and how to have another.

import { memberOf } from './device.js';
import { h } from './dom.js';
import { t } from './words.js';

const REASONS = { inside: 'ended.inside', called: 'ended.called', invalid: 'ended.invalid', other: 'ended.other' };

async function again(page, button) {
	const userId = memberOf();
	button.disabled = true;
	const answer = userId && await page.askAll('POST', '/v1/tokens', { body: { userId, queue: page.concert.queue } });
	if (!answer || answer.status >= 300) return page.show('enter', {}, { hash: '' });
	return page.placeTake({ token: answer.body.token, userId, queue: page.concert.queue, concertId: page.concert.concertId }, answer.body);
}

/** @param {{why: "inside"|"called"|"invalid"|"other"|"left"}} with_ */
export function endedScreen(page, { why }) {
	const left = why === 'left';
	const button = h('button', { class: 'primary wide', type: 'button', on: { click: () => again(page, button) } }, t('ended.go'));
	return {
		title: page.concert.title,
		node: h('div', { class: 'card stack rises' },
			h('p', { class: 'soft' }, page.concert.title),
			h('h1', { tabindex: '-1' }, t(left ? 'left.title' : 'ended.title')),
			h('p', {}, t(left ? 'left.body' : REASONS[why])),
			h('p', {}, t('ended.again')),
			button,
			h('a', { href: '/', class: 'small' }, t('home'))),
	};
}
