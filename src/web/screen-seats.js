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
const WIDE = 700; // px of a page from which the map is this much wider than high
const WIDE_SHAPE = 1.6;

const nameOf = (seat) => t('seats.seat', seat);

class SeatsScreen {
	/** What comes after the schedule is of the screen before, in another language. */
	constructor(page, scheduleId, schedule = null, { plan = new Plan(innerWidth > WIDE ? WIDE_SHAPE : 1), etag = null, sight } = {}) {
		Object.assign(this, { page, scheduleId, schedule, plan, etag, timer: 0, view: null, known: etag !== null });
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
				h('button', { class: 'back', type: 'button', 'aria-label': t('dates.title'), on: { click: () => this.#dates() } }, '‹'),
				h('div', { class: 'grow' }, h('h1', { tabindex: '-1' }, t('seats.title')), this.when)),
			h('div', { class: 'row' }, this.#switch(), this.legend),
			this.place,
			h('section', { class: 'basket', 'aria-label': t('seats.chosen') }, this.trouble, this.basket));
		this.update = this.strip.update;
		this.#basketDraw();
		if (this.known) this.#viewShow(this.page.seatsAsList ? SeatList : SeatMap, sight);
		this.#legendDraw();
		queueMicrotask(() => this.#start());
	}

	keep() {
		return { schedule: this.schedule, kept: { plan: this.plan, etag: this.etag, sight: this.view?.sight() } };
	}

	stop() {
		clearTimeout(this.timer);
		this.view?.stop();
		this.strip.stop();
		this.stopped = true;
	}

	async #start() {
		this.schedule ??= await this.#scheduleFind();
		if (this.stopped) return;
		if (!this.schedule) return this.#dates();
		setText(this.when, `${dateTime(this.schedule.startsAt)} · ${this.schedule.venue}`);
		await this.#look();
	}

	/** After a reload only the number is known. What is no date of this concert, or has no free seat, is not shown. */
	async #scheduleFind() {
		const { body } = await this.page.ask('GET', `/v1/concerts/${this.page.concert.concertId}/dates`);
		return body.dates?.find((date) => date.scheduleId === this.scheduleId);
	}

	#dates() {
		this.page.show('dates', {}, { hash: '#dates' });
	}

	// --- the seats --------------------------------------------------------------------------

	async #look() {
		clearTimeout(this.timer);
		const answer = await this.page.ask('GET', `/v1/schedules/${this.scheduleId}/seats`, { etag: this.etag });
		if (this.stopped) return;
		if (answer.status >= 400) return this.#dates();
		if (answer.status === 200 && !this.view?.busy()) {
			this.etag = answer.etag;
			this.#take(answer.body.seats);
		}
		const rest = this.plan.freeCount > LARGE ? LOOK_LARGE_MS : LOOK_MS;
		clearTimeout(this.timer); // a refusal looks as well
		this.timer = setTimeout(() => this.#look(), rest);
	}

	#take(seats) {
		const anchor = this.view?.anchor();
		const reshaped = this.plan.take(seats);
		const lost = [...this.page.choice.values()].filter((seat) => !this.plan.isFree(seat.seatId));
		this.known = true;
		if (lost.length && !this.page.ordering) this.#faster(lost); // what is being held is gone by ourselves
		if (!this.view) this.#viewShow(this.page.seatsAsList ? SeatList : SeatMap);
		else this.view.refresh();
		if (reshaped) {
			this.view.reshaped(anchor);
			this.#legendDraw();
		}
		this.#placeFill();
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
		this.#basketDraw();
		if (this.known) this.#viewShow(list ? SeatList : SeatMap);
	}

	#viewShow(View, sight) {
		const describe = (seat) => t(this.page.choice.has(seat.seatId) ? 'seats.said.chosen' : 'seats.said.free',
			{ seat: nameOf(seat), price: money(seat.price) });
		this.view?.stop();
		this.view = new View(this.plan, { chosen: this.page.choice, pick: (seat) => this.#pick(seat, describe), describe }, sight);
		this.#placeFill();
		this.view.refresh();
	}

	/** The map or the list, or that there is no seat: one may come back. */
	#placeFill() {
		const none = !this.plan.freeCount && !this.page.choice.size;
		this.none ??= h('p', { class: 'note warn' }, t('seats.none'));
		const node = none ? this.none : this.view.node;
		if (this.place.firstChild !== node) fill(this.place, node);
	}

	#legendDraw() {
		const entry = (kind, text) => h('li', {}, h('span', { class: `swatch ${kind}`, 'aria-hidden': 'true' }), text);
		fill(this.legend, this.plan.prices.map((price) => entry(`tier-${tierOf(this.plan, price)}`, money(price))),
			this.plan.prices.length > 0 && entry('taken', t('seats.taken')));
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

	/** Whoever had the focus in it keeps it there, or is led back to the top. */
	#basketDraw() {
		const focused = this.basket.contains(document.activeElement) && document.activeElement.className;
		this.#basketFill([...this.page.choice.values()]);
		if (focused) (this.basket.querySelector(`button.${focused.split(' ')[0]}`) ?? this.node.querySelector('h1')).focus();
	}

	#basketFill(seats) {
		if (!seats.length) {
			fill(this.basket, h('p', { class: 'soft' }, t('seats.empty', { n: number(this.page.concert.seatLimit) }), ' ',
				!this.page.seatsAsList && t('seats.near')));
			return;
		}
		const amount = money(seats.reduce((sum, seat) => sum + seat.price, 0));
		const remove = (seat) => h('li', {}, h('button', {
			class: 'chip', type: 'button', 'aria-label': t('seats.remove', { seat: nameOf(seat) }), on: { click: () => this.#remove(seat) },
		}, nameOf(seat), h('span', { 'aria-hidden': 'true' }, '×')));
		fill(this.basket, h('ul', { class: 'plain chips' }, seats.map(remove)),
			h('button', { class: 'primary wide', type: 'button', 'aria-disabled': String(this.page.ordering), on: { click: () => this.#hold() } },
				t(seats.length === 1 ? 'seats.hold.one' : 'seats.hold', { n: number(seats.length), amount })));
	}

	#remove(seat) {
		this.page.choice.delete(seat.seatId);
		this.#choiceChanged();
	}

	// --- holding ----------------------------------------------------------------------------

	async #hold() {
		const { page, schedule } = this;
		if (page.ordering || !schedule) return;
		const held = page.hold({ scheduleId: this.scheduleId, seatIds: [...page.choice.keys()] }, { ...schedule, title: page.concert.title });
		this.#basketDraw();
		await held;
	}

	/** The page tells it to the screen that is on: another language may have been chosen meanwhile. */
	async refused(answer) {
		const { choice, concert } = this.page;
		this.#basketDraw();
		if (answer.code === 'SEAT_TAKEN' || answer.code === 'SEAT_NOT_FOUND')
			this.#faster((answer.body.seatIds ?? []).map((id) => choice.get(id)).filter(Boolean));
		else if (answer.code === 'SEAT_LIMIT') this.#tell(t('seats.limit', { n: number(concert.seatLimit) }));
		else this.#tell(answer.body?.detail ?? '');
		await this.#look();
	}
}

export function seatsScreen(page, { scheduleId, schedule, kept }) {
	return new SeatsScreen(page, scheduleId, schedule, kept);
}
