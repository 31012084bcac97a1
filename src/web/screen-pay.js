// The seats that are held, the time left to pay for them, the balance, and the payment.

import { newKey } from './api.js';
import { placeChange } from './device.js';
import { ask, fill, h, say, setText } from './dom.js';
import { leaveButton, WARN_MS } from './session.js';
import { countdown } from './watch.js';
import { clock, dateTime, money, moneyPlain, moneyRead, t } from './words.js';

const CHARGE_MOST = 10000000; // the contract's, in one charge

class PayScreen {
	constructor(page, { reservation = null, typed = null }) {
		const hold = page.place.hold; // another tab may change it: this screen stays with its own
		Object.assign(this, { page, reservation, typed, balance: null, stopTime: () => {} });
		Object.assign(this, { id: reservation?.reservationId ?? hold?.reservationId, schedule: hold?.schedule });
		this.title = this.schedule?.title ?? page.concert.title;
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

	keep() {
		return { reservation: this.reservation, typed: this.body.querySelector('input')?.value ?? this.typed };
	}

	async #start() {
		const { page } = this;
		if (!this.id) return page.show('dates', {}, { hash: '#dates' });
		if (!this.reservation) {
			const answer = await page.ask('GET', `/v1/reservations/${this.id}`);
			if (this.stopped) return;
			if (answer.status !== 200) return this.#over();
			this.reservation = answer.body;
		}
		if (this.reservation.status !== 'HELD') return this.#over();
		await this.#balanceAsk();
		if (this.stopped) return;
		this.#draw();
		let warned = false;
		this.stopTime = countdown(Date.parse(this.reservation.expiresAt), (left) => {
			setText(this.time, clock(left));
			if (left < WARN_MS && !warned) say(t('pay.warn'));
			warned = left < WARN_MS;
			if (left <= 0 && !page.ordering) this.#over();
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
		const { place } = this.page;
		if (place?.hold?.reservationId === this.id) placeChange(place, { hold: null, orders: {} });
	}

	#draw() {
		const { amount, seats } = this.reservation;
		const short = amount - this.balance;
		const line = (name, value, strong) => h('div', { class: strong ? 'strong' : '' }, h('dt', {}, name), h('dd', { class: 'figures' }, value));
		fill(this.body,
			h('section', { class: 'card stack' },
				h('div', {}, h('h2', {}, this.title), this.schedule && h('p', { class: 'soft small' }, `${dateTime(this.schedule.startsAt)} · ${this.schedule.venue}`)),
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
		const { page } = this;
		const pay = () => {
			if (page.ordering) return;
			button.setAttribute('aria-disabled', 'true');
			page.pay(this.id);
		};
		const button = h('button', { class: 'primary wide', type: 'button', 'aria-disabled': String(page.ordering), on: { click: pay } },
			t('pay.go', { amount: money(amount) }));
		return button;
	}

	/** The page tells it to the screen that is on: another language may have been chosen meanwhile. */
	async refused(answer) {
		if (answer.code === 'INSUFFICIENT_BALANCE') {
			await this.#balanceAsk();
			if (this.stopped) return;
			this.#draw();
			this.body.querySelector('input')?.focus();
		} else {
			this.#over(t(answer.code === 'ALREADY_PAID' ? 'pay.paid' : 'pay.over'));
		}
	}

	// --- the balance ------------------------------------------------------------------------

	#chargeForm(short) {
		const wrong = h('p', { class: 'wrong', id: 'charge-wrong', role: 'alert' });
		const input = h('input', { id: 'charge', inputmode: 'decimal', autocomplete: 'off', value: this.typed ?? moneyPlain(Math.min(short, CHARGE_MOST)), 'aria-describedby': 'charge-wrong' });
		const submit = (event) => {
			event.preventDefault();
			const amount = moneyRead(input.value);
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

	/**
	 * The key is on the device until the charge is answered: asked again for an answer that got lost, with this page or the
	 * next, it charges nothing twice.
	 */
	async #charge(amount, wrong, button) {
		const { page } = this;
		const { place } = page;
		placeChange(place, {});
		const begun = place.orders?.charge;
		const charge = begun?.amount === amount ? begun : { amount, key: newKey() };
		placeChange(place, { orders: { ...place.orders, charge } });
		button.disabled = true;
		const answer = await page.askAll('POST', `/v1/users/${place.userId}/balance/charges`, { body: { amount }, key: charge.key });
		button.disabled = false;
		if (page.place !== place) return;
		placeChange(place, { orders: { ...place.orders, charge: null } });
		if (this.stopped) {
			if (page.shown.name === 'pay') page.redraw(); // it shows the balance of before
			return;
		}
		if (answer.status !== 200) {
			setText(wrong, answer.code === 'BALANCE_LIMIT' ? t('pay.charge.limit') : answer.body?.detail ?? '');
			return;
		}
		this.balance = answer.body.balance;
		this.typed = null;
		this.#draw();
		this.#tell(t('pay.charged', { balance: money(this.balance) }), 'good');
		this.body.querySelector('button.primary')?.focus();
	}

	async #cancel() {
		const sure = await ask({ title: t('pay.cancel.title'), body: [t('pay.cancel.body')], yes: t('pay.cancel.yes'), no: t('pay.cancel.no'), danger: true });
		if (!sure || this.stopped || this.page.ordering) return;
		const answer = await this.page.ask('DELETE', `/v1/reservations/${this.id}`);
		if (answer.code === 'ALREADY_PAID') return this.#tell(t('pay.paid'));
		this.#holdForget();
		this.page.show('dates', {}, { hash: '#dates' });
	}
}

/** @param {{reservation?: Object}} with_ the reservation, if it has just been made */
export function payScreen(page, with_) {
	return new PayScreen(page, with_);
}
