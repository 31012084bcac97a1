// The concerts on sale, and the tickets bought on this device.

import { serverNow } from './api.js';
import { placeOf, tickets } from './device.js';
import { h } from './dom.js';
import { dateTime, number, t, title } from './words.js';

function concertCard(concert) {
	const opens = concert.opensAt && Date.parse(concert.opensAt) > serverNow();
	return h('li', {}, h('a', { class: 'card concert', href: `/c/${concert.concertId}` },
		h('span', { class: 'grow stack-small' },
			h('strong', { class: 'big' }, concert.title),
			h('span', { class: 'soft small' }, opens ? t('concerts.opens', { time: dateTime(concert.opensAt) }) : t('concerts.open'), ' · ',
				t('concerts.limit', { n: number(concert.seatLimit) })),
			placeOf(concert.queue) && h('span', { class: 'badge' }, t('concerts.yours'))),
		h('span', { class: 'go', 'aria-hidden': 'true' }, '›')));
}

function ticketLine(ticket) {
	return h('li', {}, h('a', { href: `/#ticket-${ticket.paymentId}` }, ticket.title),
		ticket.schedule && h('span', { class: 'soft small' }, ` · ${dateTime(ticket.schedule.startsAt)}`));
}

export function concertsScreen(page) {
	const bought = tickets();
	return {
		title: title(),
		node: h('div', { class: 'stack rises' },
			h('h1', { tabindex: '-1' }, t('concerts.title')),
			page.concerts.length ? h('ul', { class: 'plain stack' }, page.concerts.map(concertCard)) : h('p', {}, t('concerts.none')),
			bought.length > 0 && h('section', { class: 'stack-small' }, h('h2', {}, t('concerts.tickets')),
				h('ul', { class: 'plain stack-small' }, bought.map(ticketLine)))),
	};
}

/** For an address that leads to no concert. */
export function unknownScreen() {
	return {
		title: t('concerts.unknown.title'),
		node: h('div', { class: 'card stack' }, h('h1', { tabindex: '-1' }, t('concerts.unknown.title')),
			h('p', {}, t('concerts.unknown.body')), h('a', { class: 'button', href: '/' }, t('home'))),
	};
}
