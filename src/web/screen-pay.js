// The seats that are held, the time left to pay for them, the balance, and the payment.

import { newKey } from './api.js';
import { placeChange } from './device.js';
import { ask, fill, h, say, setText } from './dom.js';
import { leaveButton } from './session.js';
import { countdown } from './watch.js';
import { clock, dateTime, money, t } from './words.js';

const CHARGE_MOST = 10000000; // the contract's, in one charge

class PayScreen {
	constructor(page, reservation) {
		Object.assign(this, { page, reservation, balance: null, stopTime: () => {}, title: page.concert.title });
		this.time = h('strong', { class: 'position figures', role: 'timer', 'aria-label': t('pay.time') });
		this.body = h('div', { class: 'stack' }, h('p', { class: 'soft' }, t('loading')));
		this.told = h('div', { role: 'alert' });
		this.node = h('div', { class: 'stack rises' },
			h('h1', { tabindex: '-1' }, t('pay.title')),
			h('div', { class: 'place' }, h('span', { class: 'soft' }, t('pay.time')), this.time),
			this.told, this.body);
		queueMicrotask(() => this.#start());
	}

	stop() {
		this.stopTime();
		this.stopped = true;
	}

	async #start() {
		const { page } = this;
		if (!page.place?.hold) return page.show('dates', {}, { hash: '#dates' });
		if (!this.reservation) {
			const answer = await page.ask('GET', `/v1/reservations/${page.place.hold.reservationId}`);
			if (this.stopped) return;
			if (answer.status !== 200) return this.#over();
			this.reservation = answer.body;
		}
		if (this.reservation.status !== 'HELD') return this.#over();
		await this.#balanceAsk();
		if (this.stopped) return;
		this.#draw();
		this.stopTime = countdown(Date.parse(this.reservation.expiresAt), (left) => {
			setText(this.time, clock(left));
			if (left <= 0 && !this.paying) this.#over();
		});
	}

	async #balanceAsk() {
		const answer = await this.page.askAll('GET', `/v1/users/${this.page.place.userId}/balance`);
		this.balance = answer.body?.balance ?? 0;
	}

	/** The hold has ended: what it held is for others. */
	#over(text = t('pay.over')) {
		if (this.stopped) return;
		this.#holdForget();
		this.page.show('dates', {}, { hash: '#dates' });
		this.page.main.querySelector('h1')?.after(h('p', { class: 'note warn', role: 'alert' }, text));
	}

	#holdForget() {
		if (this.page.place) placeChange(this.page.place, { hold: null, orders: {} });
	}

	#draw() {
		const { amount, seats } = this.reservation;
		const { schedule } = this.page.place.hold;
		const short = amount - this.balance;
		const line = (name, value, strong) => h('div', { class: strong ? 'strong' : '' }, h('dt', {}, name), h('dd', { class: 'figures' }, value));
		fill(this.body,
			h('section', { class: 'card stack' },
				h('div', {}, h('h2', {}, this.page.concert.title), schedule && h('p', { class: 'soft small' }, `${dateTime(schedule.startsAt)} · ${schedule.venue}`)),
				h('ul', { class: 'plain stack-small', 'aria-label': t('pay.seats') },
					seats.map((seat) => h('li', { class: 'spread' }, h('span', {}, t('seats.seat', seat)), h('span', { class: 'figures' }, money(seat.price))))),
				h('dl', { class: 'sums' }, line(t('pay.amount'), money(amount), true), line(t('pay.balance'), money(this.balance)),
					short <= 0 && line(t('pay.after'), money(this.balance - amount)))),
			short > 0 ? this.#chargeForm(short) : this.#payButton(amount),
			h('div', { class: 'buttons center' },
				h('button', { class: 'quiet', type: 'button', on: { click: () => this.#cancel() } }, t('pay.cancel')), leaveButton(this.page)));
	}

	#tell(text, kind = 'warn') {
		fill(this.told, text && h('p', { class: `note ${kind}` }, text));
	}

	// --- paying -----------------------------------------------------------------------------

	#payButton(amount) {
		this.pay = h('button', { class: 'primary wide', type: 'button', on: { click: () => this.#payNow() } }, t('pay.go', { amount: money(amount) }));
		return this.pay;
	}

	/** The key is on the device before the payment is sent: whatever happens on the way, asking again pays nothing twice. */
	async #payNow() {
		const { page } = this;
		const { place } = page;
		placeChange(place, {}); // another tab may have begun to pay
		placeChange(place, { orders: { payment: place.orders?.payment ?? newKey() } });
		this.paying = this.pay.disabled = true;
		try {
			const answer = await page.ask('POST', '/v1/payments',
				{ body: { reservationId: place.hold.reservationId }, key: place.orders.payment });
			if (answer.status === 201 || answer.status === 200) page.bought(answer.body);
			else await this.#refused(answer);
		} finally {
			this.paying = this.pay.disabled = false;
		}
	}

	async #refused(answer) {
		if (answer.code === 'INSUFFICIENT_BALANCE') {
			await this.#balanceAsk();
			this.#draw();
			this.body.querySelector('input')?.focus();
		} else {
			this.#over(t(answer.code === 'ALREADY_PAID' ? 'pay.paid' : 'pay.over'));
		}
	}

	// --- the balance ------------------------------------------------------------------------

	#chargeForm(short) {
		const wrong = h('p', { class: 'wrong', id: 'charge-wrong', role: 'alert' });
		const input = h('input', { id: 'charge', inputmode: 'numeric', autocomplete: 'off', value: short, 'aria-describedby': 'charge-wrong' });
		const submit = (event) => {
			event.preventDefault();
			const amount = Number(input.value.replaceAll(/[\s,.]/g, ''));
			if (Number.isInteger(amount) && amount >= 1 && amount <= CHARGE_MOST) return this.#charge(amount, wrong, button);
			setText(wrong, t('pay.charge.wrong', { least: money(1), most: money(CHARGE_MOST) }));
			input.setAttribute('aria-invalid', 'true');
			return input.focus();
		};
		const button = h('button', { class: 'primary wide', type: 'submit' }, t('pay.charge.go'));
		return h('form', { class: 'card stack', novalidate: true, on: { submit } },
			h('p', { class: 'note warn' }, t('pay.short', { missing: money(short) })),
			h('h2', {}, t('pay.charge')),
			h('div', { class: 'field' }, h('label', { for: 'charge' }, t('pay.charge.amount')), input, wrong),
			button);
	}

	/** The key is this charge's own: asked again for an answer that got lost, it charges nothing twice. */
	async #charge(amount, wrong, button) {
		const { page } = this;
		const { place } = page;
		button.disabled = true;
		const answer = await page.askAll('POST', `/v1/users/${place.userId}/balance/charges`, { body: { amount }, key: newKey() });
		button.disabled = false;
		if (this.stopped) return;
		if (answer.status !== 200) {
			setText(wrong, answer.code === 'BALANCE_LIMIT' ? t('pay.charge.limit') : answer.body?.detail ?? '');
			return;
		}
		this.balance = answer.body.balance;
		this.#draw();
		this.#tell(t('pay.charged', { balance: money(this.balance) }), 'good');
		this.body.querySelector('button.primary')?.focus();
	}

	async #cancel() {
		const sure = await ask({ title: t('pay.cancel.title'), body: [t('pay.cancel.body')], yes: t('pay.cancel.yes'), no: t('pay.cancel.no'), danger: true });
		if (!sure || this.stopped || !this.page.place?.hold) return;
		const answer = await this.page.ask('DELETE', `/v1/reservations/${this.page.place.hold.reservationId}`);
		if (answer.code === 'ALREADY_PAID') return this.#tell(t('pay.paid'));
		this.#holdForget();
		say('');
		this.page.show('dates', {}, { hash: '#dates' });
	}
}

/** @param {{reservation?: Object}} with_ the reservation, if it has just been made */
export function payScreen(page, { reservation = null }) {
	return new PayScreen(page, reservation);
}
