// The buyer's page: which screen is on, whose place it shows, and what happens when that place moves.

import { concertsScreen, unknownScreen } from './screen-concerts.js';
import { datesScreen } from './screen-dates.js';
import { endedScreen } from './screen-ended.js';
import { enterScreen } from './screen-enter.js';
import { lineScreen } from './screen-line.js';
import { payScreen } from './screen-pay.js';
import { seatsScreen } from './screen-seats.js';
import { ticketScreen } from './screen-ticket.js';
import { newKey } from './api.js';
import { placeChange, placeForget, placeKeep, placeOf, ticketKeep, tickets } from './device.js';
import { fill, h, say } from './dom.js';
import { head } from './head.js';
import { patiently } from './patience.js';
import { standingNote, watchStart } from './watch.js';
import { en, ko } from './texts-buyer.js';
import { t, title, wordsLoad } from './words.js';

/** Thrown by what was about a place that has ended since: nothing more is to be done. */
class Gone extends Error {}

const SCREENS = {
	concerts: concertsScreen, unknown: unknownScreen, enter: enterScreen, line: lineScreen, dates: datesScreen,
	seats: seatsScreen, pay: payScreen, ticket: ticketScreen, ended: endedScreen,
};

/**
 * A screen's maker takes the page and what it was called with, and gives {title, node, stop?, update?, keep?, refused?}:
 * `update` is called with each new standing of the place, `keep` gives what the maker is to be called with too when the
 * screen is drawn anew, `refused` takes the answer to an order that was refused.
 */
class Page {
	constructor(brand) {
		this.brand = brand;
		this.concerts = [];
		this.concert = null; // the one this page is about
		this.place = null;
		this.standing = null;
		this.choice = new Map(); // seat id to seat: kept over 409s, other screens and languages
		this.shown = null;
		this.ordering = false; // whether a hold or a payment is under way: one at a time
		this.banner = h('div', { class: 'banner', role: 'alert', hidden: true });
		this.main = h('main', { id: 'main', tabindex: '-1' }, h('p', { class: 'soft' }, t('loading')));
		this.top = h('div');
		fill(document.getElementById('page'), this.top, this.banner, this.main);
	}

	/** Puts a screen on. A screen of its own in the history of the tab has a hash. */
	show(name, with_ = {}, { hash = null, focus = true } = {}) {
		this.shown?.screen.stop?.();
		document.querySelector('dialog')?.close(); // what it asked was about the screen before
		this.shown = { name, with_, screen: null };
		if (hash !== null && location.hash !== hash) history.pushState(null, '', hash || location.pathname);
		const screen = SCREENS[name](this, with_);
		this.shown.screen = screen;
		fill(this.top, head({ home: '/', redraw: () => this.redraw() }));
		fill(this.main, screen.node);
		this.titleSet(screen.title);
		if (focus) this.main.querySelector('h1')?.focus();
		if (this.standing) screen.update?.(this.standing);
	}

	/** Draws the screen anew, in another language or with what has come since: what the person did on it stays. */
	redraw() {
		const { name, with_, screen } = this.shown;
		this.show(name, { ...with_, ...screen.keep?.() }, { focus: false });
	}

	titleSet(text) {
		document.title = text === title() ? text : `${text} · ${title()}`;
	}

	notice(trouble) {
		this.banner.hidden = !trouble;
		const text = trouble ? t(trouble) : '';
		if (this.banner.textContent !== text) this.banner.textContent = text;
	}

	/**
	 * Asks the daemon for this page's place, however long it takes. What is the same for every question, the end of the
	 * place, is seen to here.
	 * @throws {Gone} the place has ended, or is another by now
	 */
	async ask(method, path, more = {}) {
		const place = this.place;
		const answer = await patiently((trouble) => this.notice(trouble), () => this.place === place, method, path,
			{ bearer: place?.token, ...more });
		if (!answer || this.place !== place) throw new Gone();
		if (place && answer.status === 302) await this.ended();
		if (place && answer.status === 401) this.dropped('invalid');
		if (answer.code === 'TOKEN_NOT_ACTIVE') this.waitAgain();
		return answer;
	}

	/** The same without a place: for what is open to all. */
	askAll(method, path, more = {}) {
		return patiently((trouble) => this.notice(trouble), () => true, method, path, more);
	}

	/** A token that has ended may have ended by the payment whose answer got lost: then its key gets the answer again. */
	async ended() {
		const { place } = this;
		const kept = placeOf(place.queue);
		if (kept && kept.token !== place.token) this.placeOther(kept);
		placeChange(place, {});
		const payment = place.orders?.payment;
		if (payment) {
			const again = await this.askAll('POST', '/v1/payments',
				{ body: { reservationId: payment.reservationId }, key: payment.key, bearer: place.token });
			if (this.place !== place) throw new Gone();
			if (again.status === 201 || again.status === 200) {
				this.bought(again.body);
				throw new Gone();
			}
		}
		this.dropped(place.inside && kept ? 'inside' : 'called'); // not kept: another tab has ended it
	}

	/** Goes on with the place that another tab has got. */
	placeOther(place) {
		this.placeTake(place);
		this.show('line', {}, { hash: '' });
		throw new Gone();
	}

	dropped(why) {
		this.placeEnd();
		this.show('ended', { why }, { hash: '' });
		throw new Gone();
	}

	waitAgain() {
		placeChange(this.place, { inside: false });
		this.show('line', {}, { hash: '' });
		throw new Gone();
	}

	/** Forgets the place; nothing is asked about it any more. */
	placeEnd() {
		this.watch?.stop();
		if (this.place) placeForget(this.place);
		this.place = this.standing = this.watch = null;
		this.choice.clear();
		this.notice(null);
	}

	/**
	 * Holds seats, and goes on to their payment. The order is on the device before it is sent, so that a page loaded anew
	 * can find out what has become of it.
	 * @param {{scheduleId: number, seatIds: number[]}} order
	 * @param {?Object} schedule what the dates say of it, with the `title` of its concert
	 * @return {Promise<boolean>} whether they are held; a refusal is told to the screen
	 */
	async hold(order, schedule, key = newKey()) {
		const { place } = this;
		placeChange(place, { orders: { reserve: { order, schedule, key } } });
		const answer = await this.order('/v1/reservations', order, key);
		if (answer.status !== 200 && answer.status !== 201) {
			placeChange(place, { orders: {} });
			this.shown.screen.refused?.(answer);
			return false;
		}
		placeChange(place, { orders: {}, hold: { reservationId: answer.body.reservationId, schedule } });
		this.choice.clear();
		this.show('pay', { reservation: answer.body }, { hash: '#pay' });
		return true;
	}

	/**
	 * Pays for a hold. The key is on the device before the payment is sent: whatever happens on the way, asking again pays
	 * nothing twice. A refusal is told to the screen.
	 */
	async pay(reservationId) {
		const { place } = this;
		placeChange(place, {}); // another tab may have begun to pay
		const begun = place.orders?.payment;
		const payment = begun?.reservationId === reservationId ? begun : { reservationId, key: newKey() };
		placeChange(place, { orders: { payment } });
		const answer = await this.order('/v1/payments', { reservationId }, payment.key);
		if (answer.status === 200 || answer.status === 201) this.bought(answer.body);
		else this.shown.screen.refused?.(answer);
	}

	async order(path, body, key) {
		this.ordering = true;
		try {
			return await this.ask('POST', path, { body, key });
		} finally {
			this.ordering = false;
		}
	}

	/** The payment went through: the place has done its work. */
	bought(payment) {
		const { hold } = this.place;
		const schedule = hold?.reservationId === payment.reservationId ? hold.schedule : null;
		const ticket = {
			paymentId: payment.paymentId, userId: payment.userId, seats: payment.seats, amount: payment.amount,
			paidAt: payment.paidAt, balance: payment.balance, title: schedule?.title ?? this.concert.title, schedule,
		};
		ticketKeep(ticket);
		this.placeEnd();
		this.show('ticket', { ticket, fresh: true }, { hash: `#ticket-${ticket.paymentId}` });
	}

	/** Takes a place on and follows it. `standing`: where it stands, if it is new; else it was found on the device. */
	placeTake(place, standing) {
		this.watch?.stop();
		this.place = place;
		this.standing = null;
		placeKeep(place);
		this.watch = watchStart(() => this.standingAsk(place), (told) => this.standingTold(told), standing);
	}

	async standingAsk(place) {
		try {
			const answer = await this.ask('GET', '/v1/queue/position');
			return this.place === place ? answer.body : null;
		} catch (error) {
			if (error instanceof Gone) return null;
			throw error;
		}
	}

	standingTold(standing) {
		const wasInside = this.place.inside;
		this.standing = standing;
		standingNote(this.place, standing);
		const within = ['dates', 'seats', 'pay'].includes(this.shown?.name);
		if (standing.status === 'ACTIVE' && !within) {
			const called = !wasInside && this.shown?.name === 'line';
			this.insideShow(location.hash);
			if (called) say(t('line.turn'));
			if (called && document.hidden) this.titleSet(t('line.turn')); // what the tab shows among the others
		} else if (standing.status !== 'ACTIVE' && this.shown?.name !== 'line') {
			this.show('line', {}, { hash: '' });
		} else {
			this.shown.screen?.update?.(standing);
		}
	}

	/** The screen for somebody inside, by the address. */
	async insideShow(hash) {
		const { reserve } = this.place.orders ?? {};
		if (reserve && !this.ordering && await this.hold(reserve.order, reserve.schedule, reserve.key)) return;
		const seats = /^#seats-(\d+)$/.exec(hash);
		if (this.place.hold && !seats) this.show('pay', {}, { hash: '#pay' });
		else if (seats) this.show('seats', { scheduleId: Number(seats[1]) });
		else this.show('dates', {}, { hash: '#dates' });
	}

	/** What the address says: after loading, and when the person goes back or forward. */
	route() {
		const found = /^#ticket-(\d+)$/.exec(location.hash);
		const ticket = found && tickets().find((one) => one.paymentId === Number(found[1]));
		if (!this.concert && !ticket) this.show(/^\/c\//.test(location.pathname) ? 'unknown' : 'concerts');
		else if (ticket) this.show('ticket', { ticket });
		else if (!this.place) this.show('enter');
		else if (this.standing?.status === 'ACTIVE') this.routeInside();
		else this.show('line');
	}

	routeInside() {
		if (location.hash === '#pay' || /^#seats-/.test(location.hash)) this.insideShow(location.hash);
		else this.show('dates');
	}

	async start() {
		const answer = await this.askAll('GET', '/v1/concerts');
		this.concerts = answer.body.concerts;
		const path = /^\/c\/(\d+)$/.exec(location.pathname);
		this.concert = path ? this.concerts.find((one) => one.concertId === Number(path[1])) ?? null : null;
		addEventListener('popstate', () => this.route());
		const place = this.concert && placeOf(this.concert.queue);
		if (place) this.placeTake(place);
		this.route();
	}
}

/** What no screen has seen coming: the person is told, and the place is safe. */
function broken() {
	const page = document.getElementById('page');
	fill(page, h('main', { class: 'broken' }, h('div', { class: 'card stack' }, h('h1', {}, t('broken.title')), h('p', {}, t('broken.body')),
		h('button', { class: 'primary', type: 'button', on: { click: () => location.reload() } }, t('broken.reload')))));
}

/** Whether an error is the page's own: browsers inside of other apps, and what is built into them, make theirs. */
const isOurs = (error) => String(error?.stack).includes(new URL('.', import.meta.url).href);

addEventListener('unhandledrejection', (event) => {
	if (event.reason instanceof Gone) event.preventDefault();
	else if (isOurs(event.reason)) broken();
});
addEventListener('error', (event) => isOurs(event.error) && broken());

new Page(await wordsLoad({ en, ko })).start();
