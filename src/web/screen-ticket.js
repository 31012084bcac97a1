// The ticket: what was bought.

import { h } from './dom.js';
import { dateTime, money, t } from './words.js';

export function ticketScreen(page, { ticket, fresh = false }) {
	const pair = (name, ...value) => h('div', {}, h('dt', {}, name), h('dd', {}, value));
	return {
		title: ticket.title,
		node: h('div', { class: 'stack rises' },
			h('h1', { tabindex: '-1' }, fresh ? t('ticket.title') : ticket.title),
			fresh && h('p', {}, t('ticket.thanks')),
			h('article', { class: 'ticket' },
				h('div', { class: 'ticket-head stack-small' }, h('h2', {}, ticket.title),
					ticket.schedule && h('p', {}, dateTime(ticket.schedule.startsAt)),
					ticket.schedule && h('p', {}, ticket.schedule.venue)),
				h('dl', { class: 'ticket-body' },
					pair(t('ticket.seats'), h('ul', { class: 'plain' }, ticket.seats.map((seat) => h('li', {}, h('strong', {}, t('seats.seat', seat)))))),
					pair(t('ticket.number'), h('strong', { class: 'figures' }, String(ticket.paymentId))),
					pair(t('ticket.member'), h('span', { class: 'figures' }, String(ticket.userId))),
					pair(t('ticket.paid'), `${money(ticket.amount)} · ${dateTime(ticket.paidAt)}`))),
			h('p', { class: 'soft' }, t('ticket.balance', { balance: money(ticket.balance) })),
			h('div', { class: 'buttons' }, h('a', { class: 'button', href: '/' }, t('ticket.more')))),
	};
}
