// The seats as a list: section, row, seat. For those who can't use a map, or would rather not.

import { fill, h } from './dom.js';
import { money, number, t } from './words.js';

const ROWS_OPEN_MOST = 12; // sections of more rows show each row only when it is opened

export class SeatList {
	/** Takes what SeatMap takes. */
	constructor(plan, seats, { opened = new Set() } = {}) {
		Object.assign(this, { plan, seats, node: h('div', { class: 'stack-small' }), opened, buttons: new Map() });
	}

	stop() {}

	busy() {
		return false;
	}

	anchor() {}

	reshaped() {}

	/** What is to be given to another one, so that the person sees the same. */
	sight() {
		return { opened: this.opened };
	}

	/** Draws anew what is open; what had the focus keeps it, and of a seat that is gone the part it was in gets it. */
	refresh() {
		const focused = this.node.contains(document.activeElement) && document.activeElement;
		const part = focused && focused.closest('details').dataset.part;
		this.buttons.clear();
		this.parts = new Map();
		fill(this.node, this.plan.sections.map((section) => this.#section(section)));
		if (focused) (this.buttons.get(Number(focused.dataset.seat)) ?? this.parts.get(part))?.focus();
	}

	/** The choice has changed. */
	redraw() {
		for (const [id, button] of this.buttons) button.setAttribute('aria-pressed', String(this.seats.chosen.has(id)));
	}

	/** A part that is filled when it is opened, and stays open over a refresh. */
	#part(key, summary, content) {
		const inner = h('div', { class: 'stack-small' });
		const top = h('summary', {}, summary);
		const part = h('details', { class: 'list-part', 'data-part': key }, top, inner);
		this.parts.set(key, top);
		const show = () => fill(inner, content());
		if (this.opened.has(key)) {
			part.open = true;
			show();
		}
		part.addEventListener('toggle', () => {
			if (part.open && !this.opened.has(key)) show();
			if (part.open) this.opened.add(key);
			else this.opened.delete(key);
		});
		return part;
	}

	#section(section) {
		const free = section.free.reduce((sum, one) => sum + one, 0);
		const prices = [...new Set(section.seats.filter(Boolean).map((seat) => seat.price))];
		const summary = [h('strong', {}, section.name), ` · ${prices.map(money).join(', ')} · ${t('seats.count', { n: number(free) })}`];
		return this.#part(section.name, summary, () => section.rows.map((row, i) => this.#row(section, row, i)));
	}

	#row(section, row, i) {
		const seats = section.seats.slice(i * section.w, (i + 1) * section.w).filter(Boolean);
		const free = seats.filter((seat) => this.plan.isFree(seat.seatId)).length;
		const list = () => h('div', { class: 'list-seats', role: 'group', 'aria-label': t('seats.row', { row }) }, seats.map((seat) => this.#seat(seat)));
		if (section.rows.length <= ROWS_OPEN_MOST)
			return h('div', { class: 'list-row' }, h('span', { class: 'small soft' }, t('seats.row', { row })), list());
		return this.#part(`${section.name}\n${row}`, `${t('seats.row', { row })} · ${t('seats.count', { n: number(free) })}`, list);
	}

	/** A seat that is taken stays where it is: nobody's finger is to meet its neighbour instead. */
	#seat(seat) {
		const open = this.plan.isFree(seat.seatId) || this.seats.chosen.has(seat.seatId);
		const button = h('button', {
			type: 'button', 'data-seat': seat.seatId, disabled: !open, 'aria-pressed': String(this.seats.chosen.has(seat.seatId)),
			'aria-label': `${seat.number}, ${t('seats.seat', seat)}, ${money(seat.price)}`, on: { click: () => this.seats.pick(seat) },
		}, String(seat.number));
		if (open) this.buttons.set(seat.seatId, button);
		return button;
	}
}
