// The map of the seats on a canvas, to pan, zoom and pick on. From afar a section is one small bitmap, a pixel a seat,
// so 50,000 seats cost as little to move as one picture; near by only the seats in sight are drawn.

import { h, say } from './dom.js';
import { t } from './words.js';

const NEAR = 9; // px a seat from which seats are drawn one by one
const NUMBERS = 26; // px a seat from which its number is in it
const PICK = 20; // px a seat from which a tap picks; from further off it zooms in first
const PICK_SCALE = 34;
const MOST_SCALE = 56;
const MARGIN = 1.5; // seats around everything
const MOVED = 8; // px a finger may slip in a tap
const STEP = 1.6; // of the zoom buttons and keys

const TIERS = 5;

/** The colours of the page as it is now, light or dark. */
function colorsRead(node) {
	const style = getComputedStyle(node);
	const of = (name) => style.getPropertyValue(name).trim();
	return {
		tiers: Array.from({ length: TIERS }, (_, i) => of(`--seat-${i + 1}`)), taken: of('--seat-taken'), chosen: of('--seat-chosen'),
		chosenInk: of('--seat-chosen-ink'), seatInk: of('--seat-ink'), stage: of('--rule'), ink: of('--ink'), soft: of('--soft'), cursor: of('--ink'), font: style.fontFamily,
	};
}

/** A colour of CSS as [r, g, b]. */
function rgb(context, color) {
	context.fillStyle = color;
	const hex = context.fillStyle; // the browser writes what it has understood
	return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

/** The class of a price: 1 for the dearest. What is more than there are colours shares the last. */
export const tierOf = (plan, price) => Math.min(plan.prices.indexOf(price), TIERS - 1) + 1;

export class SeatMap {
	/**
	 * @param {Plan} plan
	 * @param {{chosen: Map<number, Seat>, pick: function(Seat), describe: function(Seat): string}} seats what is chosen
	 *   already, what to do when a free seat is picked, and how it is said
	 * @param {Object} [sight] what another map gave to go on with
	 */
	constructor(plan, seats, { view = null, cursor = null } = {}) {
		Object.assign(this, { plan, seats, view, cursor, pointers: new Map(), bitmaps: new Map(), drawing: 0 });
		this.canvas = h('canvas', { 'aria-hidden': 'true' });
		this.context = this.canvas.getContext('2d');
		this.box = h('div', {
			class: 'map-box', tabindex: '0', role: 'application', 'aria-label': t('seats.mapLabel'), on: { keydown: (event) => this.#key(event) },
		}, this.canvas);
		this.node = h('div', { class: 'map' }, this.box, this.#buttons());
		this.#listen();
	}

	#buttons() {
		const button = (text, label, act) => h('button', { type: 'button', 'aria-label': label, title: label, on: { click: act } }, text);
		return h('div', { class: 'map-buttons' },
			button('+', t('seats.zoomIn'), () => this.#zoom(STEP)),
			button('−', t('seats.zoomOut'), () => this.#zoom(1 / STEP)),
			button('⤢', t('seats.zoomAll'), () => this.fit()));
	}

	#listen() {
		const { canvas } = this;
		canvas.addEventListener('pointerdown', (event) => this.#down(event));
		canvas.addEventListener('pointermove', (event) => this.#move(event));
		for (const end of ['pointerup', 'pointercancel']) canvas.addEventListener(end, (event) => this.#up(event));
		canvas.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
		this.box.addEventListener('blur', () => this.redraw());
		this.resized = new ResizeObserver(() => this.#size());
		this.resized.observe(this.box);
		this.dark = matchMedia('(prefers-color-scheme: dark)');
		this.recolor = () => this.refresh();
		this.dark.addEventListener('change', this.recolor);
	}

	stop() {
		this.resized.disconnect();
		this.dark.removeEventListener('change', this.recolor);
		cancelAnimationFrame(this.drawing);
	}

	/** Whether a finger or the mouse is on the map: then it should not jump. */
	busy() {
		return this.pointers.size > 0;
	}

	/** What is to be given to another one, so that the person sees the same. */
	sight() {
		return { view: this.view, cursor: this.cursor };
	}

	/** A seat that is in sight, to be found again when the plan has another shape; nothing where all is in sight. */
	anchor() {
		if (this.#whole()) return null;
		const { x, y, scale } = this.view;
		const seat = this.plan.nearest({ x: x + this.width / scale / 2, y: y + this.height / scale / 2 }, 0, 0);
		return seat && { seatId: seat.seatId, ...this.plan.placeOf(seat.seatId) };
	}

	/** The plan has another shape: what the person looks at stays where it is. */
	reshaped(anchor) {
		if (!anchor) return this.fit();
		const now = this.plan.placeOf(anchor.seatId);
		this.view.x += now.x - anchor.x;
		this.view.y += now.y - anchor.y;
		this.#clamp();
		return this.redraw();
	}

	/** The plan has changed: which seats are free, or its shape. */
	refresh() {
		this.colors = null;
		this.bitmaps.clear();
		this.redraw();
	}

	redraw() {
		cancelAnimationFrame(this.drawing);
		this.drawing = requestAnimationFrame(() => this.#draw());
	}

	fit() {
		if (!this.width) return; // not on the screen yet: it is fitted when it is
		const { width, height } = this.plan;
		const scale = this.#least();
		this.view = { scale, x: width / 2 - this.width / scale / 2, y: height / 2 - this.height / scale / 2 };
		this.redraw();
	}

	/** The scale at which all is in sight. */
	#least() {
		const { width, height, unit } = this.plan;
		const margin = 2 * MARGIN * unit;
		return Math.min(this.width / (width + margin), this.height / (height + margin), PICK_SCALE);
	}

	#whole() {
		return !this.view || this.view.scale <= this.#least();
	}

	#size() {
		const { width, height } = this.box.getBoundingClientRect();
		if (!width || !height) return;
		const whole = this.#whole();
		const ratio = devicePixelRatio || 1;
		this.canvas.width = Math.round(width * ratio);
		this.canvas.height = Math.round(height * ratio);
		Object.assign(this, { width, height, ratio });
		if (whole) this.fit();
		else this.#clamp();
		this.redraw();
	}

	// --- moving -----------------------------------------------------------------------------

	#zoom(by, px = this.width / 2, py = this.height / 2) {
		const { view } = this;
		const scale = Math.min(Math.max(view.scale * by, this.#least()), MOST_SCALE);
		view.x += px / view.scale - px / scale;
		view.y += py / view.scale - py / scale;
		view.scale = scale;
		this.#clamp();
		this.redraw();
	}

	/** The plan always fills the map as far as it can. */
	#clamp() {
		const { view, plan } = this;
		const margin = MARGIN * plan.unit;
		const hold = (at, shown, size) => (shown >= size + 2 * margin ? size / 2 - shown / 2
			: Math.min(Math.max(at, -margin), size + margin - shown));
		view.x = hold(view.x, this.width / view.scale, plan.width);
		view.y = hold(view.y, this.height / view.scale, plan.height);
	}

	#at(event) {
		const box = this.canvas.getBoundingClientRect();
		return { x: event.clientX - box.left, y: event.clientY - box.top };
	}

	#down(event) {
		if (event.button) return;
		this.canvas.setPointerCapture(event.pointerId);
		this.pointers.set(event.pointerId, this.#at(event));
		this.moved = this.pointers.size > 1 ? Infinity : 0;
	}

	#move(event) {
		const before = this.pointers.get(event.pointerId);
		if (!before) return;
		const now = this.#at(event);
		const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
		this.moved += Math.hypot(now.x - before.x, now.y - before.y);
		this.pointers.set(event.pointerId, now);
		if (this.moved < MOVED) return;
		if (other) {
			const spread = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1;
			this.#zoom(spread(now) / spread(before), (now.x + other.x) / 2, (now.y + other.y) / 2);
		}
		const share = other ? 2 : 1; // of two fingers each moves its half
		this.view.x -= (now.x - before.x) / this.view.scale / share;
		this.view.y -= (now.y - before.y) / this.view.scale / share;
		this.#clamp();
		this.redraw();
	}

	#up(event) {
		const tap = this.pointers.delete(event.pointerId) && event.type === 'pointerup' && this.moved < MOVED;
		if (tap) this.#tap(this.#at(event));
	}

	/** Seats too small for a finger are brought near first, so that nobody picks a neighbour. */
	#tap({ x, y }) {
		const { view } = this;
		if (view.scale < PICK) {
			this.#zoom(PICK_SCALE / view.scale, x, y);
			return;
		}
		this.#pick(this.plan.seatAt(view.x + x / view.scale, view.y + y / view.scale));
	}

	#pick(seat) {
		if (!seat || !(this.plan.isFree(seat.seatId) || this.seats.chosen.has(seat.seatId))) return;
		this.cursor = seat.seatId;
		this.seats.pick(seat);
	}

	#wheel(event) {
		event.preventDefault();
		const { x, y } = this.#at(event);
		this.#zoom(Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0018)), x, y);
	}

	// --- keys -------------------------------------------------------------------------------

	#key(event) {
		const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
		if (event.ctrlKey || event.altKey || event.metaKey) return;
		if (arrows[event.key]) this.#walk(...arrows[event.key]);
		else if (event.key === '+' || event.key === '=') this.#zoom(STEP);
		else if (event.key === '-') this.#zoom(1 / STEP);
		else if (event.key === 'Home') this.fit();
		else if ((event.key === 'Enter' || event.key === ' ') && this.cursor !== null) this.#pick(this.plan.seats.get(this.cursor));
		else return;
		event.preventDefault();
	}

	#walk(dx, dy) {
		const from = this.cursor === null ? { x: this.plan.width / 2, y: this.plan.stage } : this.plan.placeOf(this.cursor);
		const seat = this.plan.nearest(from, this.cursor === null ? 0 : dx, this.cursor === null ? 0 : dy);
		if (!seat) return;
		this.cursor = seat.seatId;
		this.#reveal(this.plan.placeOf(seat.seatId));
		say(this.seats.describe(seat));
	}

	#reveal({ x, y }) {
		const { view } = this;
		if (view.scale < PICK) this.#zoom(PICK_SCALE / view.scale);
		view.x = x - this.width / view.scale / 2;
		view.y = y - this.height / view.scale / 2;
		this.#clamp();
		this.redraw();
	}

	// --- drawing ----------------------------------------------------------------------------

	#draw() {
		const { context, view, ratio } = this;
		if (!view) return;
		this.colors ??= colorsRead(this.box);
		context.setTransform(1, 0, 0, 1, 0, 0);
		context.clearRect(0, 0, this.canvas.width, this.canvas.height);
		context.setTransform(view.scale * ratio, 0, 0, view.scale * ratio, -view.x * view.scale * ratio, -view.y * view.scale * ratio);
		this.#drawStage();
		for (const section of this.plan.sections) this.#drawSection(section);
	}

	#drawText(text, x, y, px, color) {
		const { context } = this;
		context.fillStyle = color;
		context.font = `600 ${px / this.view.scale}px ${this.colors.font}`;
		context.textAlign = 'center';
		context.textBaseline = 'middle';
		context.fillText(text, x, y);
	}

	#drawStage() {
		const { context, plan, colors } = this;
		context.fillStyle = colors.stage;
		context.beginPath();
		context.roundRect(plan.width * 0.15, 0, plan.width * 0.7, plan.stage * 0.62, plan.unit);
		context.fill();
		this.#drawText(t('seats.stage'), plan.width / 2, plan.stage * 0.32, Math.min(13, 2 * plan.unit * this.view.scale), colors.soft);
	}

	#drawSection(section) {
		const { view, plan } = this;
		const right = view.x + this.width / view.scale;
		const bottom = view.y + this.height / view.scale;
		if (section.x > right || section.x + section.w < view.x || section.y - 3 * plan.unit > bottom || section.y + section.h < view.y) return;
		this.#drawText(section.name, section.x + section.w / 2, section.y - 1.2 * plan.unit, Math.min(15, 2 * plan.unit * view.scale), this.colors.ink);
		if (view.scale < NEAR) this.#drawFar(section);
		else this.#drawNear(section, right, bottom);
	}

	#drawFar(section) {
		const { context } = this;
		if (!this.bitmaps.has(section)) this.bitmaps.set(section, this.#bitmap(section));
		context.imageSmoothingEnabled = false;
		context.drawImage(this.bitmaps.get(section), section.x, section.y, section.w, section.h);
		context.fillStyle = this.colors.chosen;
		for (const id of this.seats.chosen.keys()) {
			const { x, y } = this.plan.placeOf(id);
			if (this.plan.cells.get(id).section === section) context.fillRect(x - 1, y - 1, 2, 2);
		}
	}

	#bitmap(section) {
		const bitmap = h('canvas', { width: section.w, height: section.h });
		const context = bitmap.getContext('2d');
		const image = context.createImageData(section.w, section.h);
		const tiers = this.colors.tiers.map((color) => rgb(context, color));
		const taken = rgb(context, this.colors.taken);
		section.free.forEach((free, at) => {
			const color = free ? tiers[tierOf(this.plan, section.seats[at].price) - 1] : taken;
			image.data.set([...color, 255], at * 4);
		});
		context.putImageData(image, 0, 0);
		return bitmap;
	}

	#drawNear(section, right, bottom) {
		const { view } = this;
		const from = { x: Math.max(0, Math.floor(view.x - section.x)), y: Math.max(0, Math.floor(view.y - section.y)) };
		const to = { x: Math.min(section.w, Math.ceil(right - section.x)), y: Math.min(section.h, Math.ceil(bottom - section.y)) };
		for (let row = from.y; row < to.y; row++) {
			if (view.scale >= PICK) this.#drawText(section.rows[row], section.x - 0.75, section.y + row + 0.53, 0.34 * view.scale, this.colors.soft);
			for (let column = from.x; column < to.x; column++) this.#drawSeat(section, row, column);
		}
	}

	#drawSeat(section, row, column) {
		const { context, colors } = this;
		const at = row * section.w + column;
		const seat = section.seats[at];
		const x = section.x + column;
		const y = section.y + row;
		const chosen = seat && this.seats.chosen.has(seat.seatId);
		context.fillStyle = chosen ? colors.chosen : section.free[at] ? colors.tiers[tierOf(this.plan, seat.price) - 1] : colors.taken;
		context.beginPath();
		if (section.free[at] || chosen) context.roundRect(x + 0.09, y + 0.09, 0.82, 0.82, 0.22);
		else context.arc(x + 0.5, y + 0.5, 0.14, 0, 7);
		context.fill();
		if (chosen) this.#drawText('✓', x + 0.5, y + 0.53, 0.6 * this.view.scale, colors.chosenInk);
		else if (section.free[at] && this.view.scale >= NUMBERS) this.#drawText(String(seat.number), x + 0.5, y + 0.53, 0.36 * this.view.scale, colors.seatInk);
		if (seat && seat.seatId === this.cursor && document.activeElement === this.box) this.#drawCursor(x, y);
	}

	#drawCursor(x, y) {
		const { context } = this;
		context.strokeStyle = this.colors.cursor;
		context.lineWidth = 0.1;
		context.strokeRect(x, y, 1, 1);
	}
}
