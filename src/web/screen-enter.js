// Who are you? The way into the line.

import { serverNow } from './api.js';
import { memberKeep, memberOf } from './device.js';
import { h, setText } from './dom.js';
import { dateTime, t } from './words.js';

const MEMBER_MOST = 2 ** 53 - 1;

/** The number to begin with: told by the shop's link (#user=7), used here before, or in the demo any that exists. */
function memberGuess(brand) {
	const linked = /^#user=(\d+)$/.exec(location.hash);
	if (linked) return linked[1];
	const demo = brand.demoMembers;
	return memberOf() ?? (demo ? demo.from + Math.floor(Math.random() * (demo.to - demo.from + 1)) : '');
}

async function enter(page, userId, wrong) {
	const answer = await page.askAll('POST', '/v1/tokens', { body: { userId, queue: page.concert.queue } });
	if (answer.status !== 200 && answer.status !== 201) {
		wrong(answer.code === 'USER_NOT_FOUND' ? t('enter.unknown') : answer.body?.detail ?? t('enter.invalid'));
		return;
	}
	memberKeep(userId);
	page.placeTake({ token: answer.body.token, userId, queue: page.concert.queue, concertId: page.concert.concertId }, answer.body);
}

export function enterScreen(page, { typed = memberGuess(page.brand) }) {
	const { concert } = page;
	const error = h('p', { class: 'wrong', id: 'member-wrong', role: 'alert' });
	const input = h('input', {
		id: 'member', inputmode: 'numeric', autocomplete: 'username', value: typed, required: true,
		'aria-describedby': 'member-hint member-wrong',
	});
	const button = h('button', { class: 'primary wide', type: 'submit' }, t('enter.go'));
	const wrong = (text) => {
		setText(error, text);
		input.setAttribute('aria-invalid', 'true');
		button.disabled = false;
		input.focus();
	};
	const submit = (event) => {
		event.preventDefault();
		const text = input.value.trim();
		if (!/^[1-9]\d*$/.test(text) || Number(text) > MEMBER_MOST) return wrong(t('enter.invalid'));
		button.disabled = true;
		return enter(page, Number(text), wrong);
	};
	const draw = concert.opensAt && Date.parse(concert.opensAt) > serverNow();
	return {
		title: concert.title,
		keep: () => ({ typed: input.value }),
		node: h('form', { class: 'card stack rises', novalidate: true, on: { submit } },
			h('p', { class: 'soft' }, t('enter.title')),
			h('h1', { tabindex: '-1' }, concert.title),
			h('p', {}, draw ? t('enter.draw', { time: dateTime(concert.opensAt) }) : t('enter.body')),
			h('div', { class: 'field' }, h('label', { for: 'member' }, t('enter.member')), input,
				h('p', { class: 'soft small', id: 'member-hint' }, t('enter.hint')), error),
			button,
			h('a', { href: '/', class: 'small' }, t('home'))),
	};
}
