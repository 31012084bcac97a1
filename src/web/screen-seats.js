// Choosing seats on the map or in the list, and holding them.

import { fill, h, say, setText } from './dom.js';
import { SeatList } from './seat-list.js';
import { SeatMap, tierOf } from './seat-map.js';
import { Plan } from './seat-plan.js';
import { heldNote, sessionStrip } from './session.js';
import { dateTime, money, number, t } from './words.js';

const LOOK_MS = 4000;
const LOOK_LARGE_MS = 10000; // a map of more than LARGE free seats takes long to come
const LARGE = 5000;

const nameOf = (seat) => t('seats.seat', seat);

class SeatsScreen {
	constructor(page, scheduleId, schedule) {
		Object.assign(this, { page, scheduleId, schedule, etag: null, timer: 0, view: null, plan: new Plan(), known: false });
		if (page.choiceOf !== scheduleId) page.choice.clear();
		page.choiceOf = scheduleId;
		this.title = page.concert.title;
		this.strip = sessionStrip(page);
		this.when = h('p', { class: 'soft small' });
		this.legend = h('ul', { class: 'legend plain', 'aria-label': t('seats.prices') });
		this.place = h('div', { class: 'seat-view' }, h('p', { class: 'soft' }, t('loading')));
		this.trouble = h('div', { role: 'alert' });
		this.basket = h('div');
		this.node = h('div', { class: 'stack rises' }, this.strip.node, heldNote(page),
			h('div', { class: 'row' },
				h('button', { class: 'back', type: 'button', 'aria-label': t('dates.title'), on: { click: () => page.show('dates', {}, { hash: '#dates' }) } }, '‹'),
				h('div', { class: 'grow' }, h('h1', { tabindex: '-1' }, t('seats.title')), this.when)),
			h('div', { class: 'row' }, this.#switch(), this.legend),
			this.place,
			h('section', { class: 'basket', 'aria-label': t('seats.chosen') }, this.trouble, this.basket));
		this.update = this.strip.update;
		this.#basketDraw();
		queueMicrotask(() => this.#start());
	}

	stop() {
		clearTimeout(this.timer);
		this.view?.stop();
		this.strip.stop();
		this.stopped = true;
	}

	async #start() {
		await Promise.all([this.#scheduleFind(), this.#look()]);
	}

	/** After a reload only the number of the schedule is known. */
	async #scheduleFind() {
		if (!this.schedule) {
			const { body } = await this.page.ask('GET', `/v1/concerts/${this.page.concert.concertId}/dates`);
			this.schedule = body?.dates?.find((date) => date.scheduleId === this.scheduleId) ?? null;
		}
		if (this.schedule) setText(this.when, `${dateTime(this.schedule.startsAt)} · ${this.schedule.venue}`);
	}

	// --- the seats --------------------------------------------------------------------------

	async #look() {
		clearTimeout(this.timer);
		const answer = await this.page.ask('GET', `/v1/schedules/${this.scheduleId}/seats`, { etag: this.etag });
		if (this.stopped) return;
		if (answer.status === 404) return this.page.show('dates', {}, { hash: '#dates' });
		if (answer.status === 200 && !this.view?.busy()) {
			this.etag = answer.etag;
			this.#take(answer.body.seats);
		}
		const rest = this.plan.freeCount > LARGE ? LOOK_LARGE_MS : LOOK_MS;
		this.timer = setTimeout(() => this.#look(), rest);
	}

	#take(seats) {
		const reshaped = this.plan.take(seats);
		const lost = this.known ? [...this.page.choice.values()].filter((seat) => !this.plan.isFree(seat.seatId)) : [];
		if (!this.known) this.#choiceCheck();
		this.known = true;
		if (lost.length) this.#faster(lost);
		if (!this.view) this.#viewShow(this.page.seatsAsList ? SeatList : SeatMap);
		else this.view.refresh();
		if (reshaped) {
			this.view.fit();
			this.#legendDraw();
		}
	}

	/** A choice from before this screen was left may hold what is gone by now. */
	#choiceCheck() {
		const { choice } = this.page;
		const lost = [...choice.values()].filter((seat) => !this.plan.isFree(seat.seatId));
		if (lost.length) this.#faster(lost);
	}

	/** Somebody else has them: they leave the choice, and nothing else does. */
	#faster(lost) {
		const { choice } = this.page;
		for (const seat of lost) choice.delete(seat.seatId);
		this.#tell(t(choice.size ? 'seats.faster' : 'seats.faster.all', { seats: lost.map(nameOf).join(', ') }));
		this.#choiceChanged();
	}

	#tell(text) {
		fill(this.trouble, text && h('p', { class: 'note warn' }, text));
	}

	// --- map or list ------------------------------------------------------------------------

	#switch() {
		const button = (list, key) => h('button', {
			type: 'button', 'aria-pressed': String(Boolean(this.page.seatsAsList) === list), on: { click: () => this.#viewSwitch(list) },
		}, t(key));
		this.views = h('div', { class: 'languages', role: 'group', 'aria-label': t('seats.view') }, button(false, 'seats.map'), button(true, 'seats.list'));
		return this.views;
	}

	#viewSwitch(list) {
		this.page.seatsAsList = list;
		[...this.views.children].forEach((button, i) => button.setAttribute('aria-pressed', String(list === Boolean(i))));
		if (this.known) this.#viewShow(list ? SeatList : SeatMap);
	}

	#viewShow(View) {
		const describe = (seat) => t(this.page.choice.has(seat.seatId) ? 'seats.said.chosen' : 'seats.said.free',
			{ seat: nameOf(seat), price: money(seat.price) });
		this.view?.stop();
		this.view = new View(this.plan, { chosen: this.page.choice, pick: (seat) => this.#pick(seat, describe), describe });
		fill(this.place, this.plan.freeCount || this.page.choice.size ? this.view.node : h('p', { class: 'note warn' }, t('seats.none')));
		this.view.refresh();
	}

	#legendDraw() {
		fill(this.legend, this.plan.prices.map((price) => h('li', {}, h('span', { class: `swatch tier-${tierOf(this.plan, price)}`, 'aria-hidden': 'true' }), money(price))));
	}

	// --- the choice -------------------------------------------------------------------------

	#pick(seat, describe) {
		const { choice, concert } = this.page;
		if (choice.has(seat.seatId)) choice.delete(seat.seatId);
		else if (choice.size >= concert.seatLimit) return this.#tell(t('seats.most', { n: number(concert.seatLimit) }));
		else choice.set(seat.seatId, seat);
		this.#tell('');
		say(describe(seat));
		this.#choiceChanged();
	}

	#choiceChanged() {
		this.#basketDraw();
		this.view?.redraw();
	}

	#basketDraw() {
		const seats = [...this.page.choice.values()];
		if (!seats.length) {
			fill(this.basket, h('p', { class: 'soft' }, t('seats.empty', { n: number(this.page.concert.seatLimit) })));
			return;
		}
		const amount = money(seats.reduce((sum, seat) => sum + seat.price, 0));
		const remove = (seat) => h('li', {}, h('button', {
			class: 'chip', type: 'button', 'aria-label': t('seats.remove', { seat: nameOf(seat) }), on: { click: () => this.#remove(seat) },
		}, nameOf(seat), h('span', { 'aria-hidden': 'true' }, '×')));
		fill(this.basket, h('ul', { class: 'plain chips' }, seats.map(remove)),
			h('button', { class: 'primary wide', type: 'button', disabled: Boolean(this.holding), on: { click: () => this.#hold() } },
				t(seats.length === 1 ? 'seats.hold.one' : 'seats.hold', { n: number(seats.length), amount })));
	}

	#remove(seat) {
		this.page.choice.delete(seat.seatId);
		this.#choiceChanged();
		this.basket.querySelector('button')?.focus();
	}

	// --- holding ----------------------------------------------------------------------------

	async #hold() {
		const { page } = this;
		this.holding = true;
		this.#basketDraw();
		try {
			const refusal = await page.hold({ scheduleId: this.scheduleId, seatIds: [...page.choice.keys()] }, this.schedule);
			if (refusal) await this.#refused(refusal);
		} finally {
			this.holding = false;
			if (!this.stopped) this.#basketDraw();
		}
	}

	async #refused(answer) {
		const { choice, concert } = this.page;
		if (answer.code === 'SEAT_TAKEN' || answer.code === 'SEAT_NOT_FOUND')
			this.#faster((answer.body.seatIds ?? []).map((id) => choice.get(id)).filter(Boolean));
		else if (answer.code === 'SEAT_LIMIT') this.#tell(t('seats.limit', { n: number(concert.seatLimit) }));
		else this.#tell(answer.body?.detail ?? '');
		await this.#look();
	}
}

export function seatsScreen(page, { scheduleId, schedule }) {
	return new SeatsScreen(page, scheduleId, schedule);
}
