// Where each seat of a schedule is: its section, row and column, and the sections beside each other under the stage.
// All lengths are in seats: a seat takes 1 x 1.

// In seats, of a small hall; a large one takes them as much larger as it is wider.
const GAP = 3; // between sections
const LABEL = 3; // above a section, for its name
const STAGE = 5; // above all of them
const SMALL = 70; // as wide as that a hall is small

const byNumber = new Intl.Collator(undefined, { numeric: true });

/**
 * A plan knows every seat it was ever told of: which of them are free is told anew with each answer, and what is not
 * free any more stays in its place. Seats the answers never named leave their place empty.
 * Each of `sections` is {name, x, y, w, h, rows: string[], seats: (Seat|undefined)[w * h], free: Uint8Array(w * h)}.
 */
export class Plan {
	/** @param {number} [shape] width to height of the whole, about: that of the place it is shown in */
	constructor(shape = 1) {
		this.shape = shape;
		this.cells = new Map(); // seat id to {section, at}
		this.seats = new Map(); // seat id to seat
		this.sections = [];
		this.prices = []; // all there are, dearest first
		this.width = this.height = this.freeCount = 0;
	}

	/**
	 * Takes the free seats as the daemon has just told them.
	 * @param {Seat[]} seats
	 * @return {boolean} whether the plan has another shape than before
	 */
	take(seats) {
		const fresh = seats.filter((seat) => !this.seats.has(seat.seatId));
		for (const seat of fresh) this.seats.set(seat.seatId, seat);
		if (fresh.length) this.#layOut();
		for (const section of this.sections) section.free.fill(0);
		for (const { seatId } of seats) {
			const cell = this.cells.get(seatId);
			cell.section.free[cell.at] = 1;
		}
		this.freeCount = seats.length;
		return fresh.length > 0;
	}

	isFree(seatId) {
		const cell = this.cells.get(seatId);
		return Boolean(cell) && cell.section.free[cell.at] === 1;
	}

	/** The middle of a seat. */
	placeOf(seatId) {
		const { section, at } = this.cells.get(seatId);
		return { x: section.x + (at % section.w) + 0.5, y: section.y + Math.floor(at / section.w) + 0.5 };
	}

	/** The seat at a point, or undefined. */
	seatAt(x, y) {
		const section = this.sections.find((s) => x >= s.x && x < s.x + s.w && y >= s.y && y < s.y + s.h);
		return section?.seats[Math.floor(y - section.y) * section.w + Math.floor(x - section.x)];
	}

	/**
	 * The free seat to go to from a point: the nearest in a direction, of which what is beside the way counts double.
	 * @param {{x: number, y: number}} from
	 * @param {number} dx -1, 0 or 1. @param {number} dy the same; both 0: in any direction
	 */
	nearest(from, dx, dy) {
		let best;
		let least = Infinity;
		for (const section of this.sections) {
			for (let at = 0; at < section.free.length; at++) {
				if (!section.free[at]) continue;
				const x = section.x + (at % section.w) + 0.5 - from.x;
				const y = section.y + Math.floor(at / section.w) + 0.5 - from.y;
				const along = x * dx + y * dy;
				if ((dx || dy) && along < 0.5) continue;
				const far = dx || dy ? along + 2 * Math.abs(x * dy) + 2 * Math.abs(y * dx) : Math.hypot(x, y);
				if (far < least) {
					least = far;
					best = section.seats[at];
				}
			}
		}
		return best;
	}

	#layOut() {
		const groups = new Map();
		for (const seat of this.seats.values()) {
			if (!groups.has(seat.section)) groups.set(seat.section, []);
			groups.get(seat.section).push(seat);
		}
		this.prices = [...new Set([...this.seats.values()].map((seat) => seat.price))].sort((a, b) => b - a);
		this.cells.clear();
		this.sections = [...groups].map(([name, seats]) => this.#section(name, seats));
		this.#shelve();
	}

	#section(name, seats) {
		const rows = [...new Set(seats.map((seat) => seat.row))].sort(byNumber.compare);
		const rowAt = new Map(rows.map((row, i) => [row, i]));
		const first = seats.reduce((least, seat) => Math.min(least, seat.number), Infinity);
		const w = seats.reduce((most, seat) => Math.max(most, seat.number), 0) - first + 1;
		const section = { name, rows, w, h: rows.length, x: 0, y: 0, seats: new Array(w * rows.length), free: new Uint8Array(w * rows.length) };
		for (const seat of seats) {
			const at = rowAt.get(seat.row) * w + seat.number - first;
			section.seats[at] = seat;
			this.cells.set(seat.seatId, { section, at });
		}
		return section;
	}

	/** Sections side by side as long as they fit, then in a line below: in the order the daemon names them. */
	#shelve() {
		const widest = this.sections.reduce((most, s) => Math.max(most, s.w), 10);
		const seats = this.sections.reduce((sum, s) => sum + s.w * s.h, 0);
		const unit = Math.max(1, Math.sqrt(seats) / SMALL);
		const area = this.sections.reduce((sum, s) => sum + (s.w + GAP * unit) * (s.h + LABEL * unit), 0);
		const most = Math.max(widest, Math.sqrt(area * this.shape));
		const lines = [[]];
		let x = 0;
		for (const section of this.sections) {
			if (x && x + section.w > most) {
				lines.push([]);
				x = 0;
			}
			section.x = x;
			x += section.w + GAP * unit;
			lines.at(-1).push(section);
		}
		this.width = Math.max(widest, ...lines.map((line) => line.reduce((end, s) => Math.max(end, s.x + s.w), 0)));
		this.unit = unit;
		this.height = this.stage = STAGE * unit;
		for (const line of lines) {
			const end = line.reduce((right, s) => Math.max(right, s.x + s.w), 0);
			for (const section of line) {
				section.x += (this.width - end) / 2;
				section.y = this.height + LABEL * unit;
			}
			this.height += LABEL * unit + Math.max(...line.map((s) => s.h));
		}
	}
}
