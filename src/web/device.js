// What the page keeps on the device: the place in line above all. A browser that keeps nothing (a private window with
// storage off) still gets through a sale, as long as the tab is open.

const memory = new Map(); // where the device keeps nothing

/** What is kept under a key, or null. */
export function deviceRead(key) {
	if (memory.has(key)) return memory.get(key);
	try {
		return JSON.parse(localStorage.getItem(key));
	} catch {
		return null;
	}
}

/** Keeps a value that JSON can hold; null forgets it. */
export function deviceWrite(key, value) {
	try {
		if (value === null) localStorage.removeItem(key);
		else localStorage.setItem(key, JSON.stringify(value));
		memory.delete(key);
	} catch {
		memory.set(key, value);
	}
}

/**
 * A place in a queue: {token, userId, queue, concertId, first, done, inside, commitment, hold, orders}; `first` is the
 * position told first, `done` how far the bar has come (0 to 1), `inside` whether its turn had come, `hold` the
 * reservation under way with its schedule and the concert's title, `orders` the Idempotency-Keys of what may have been
 * done without our knowing: {reserve: {order, schedule, key}, payment: {reservationId, key}, charge: {amount, key}}.
 */
export const placeOf = (queue) => deviceRead(`usher.place.${queue}`);
export const placeKeep = (place) => deviceWrite(`usher.place.${place.queue}`, place);

/** Forgets a place, unless another tab has got a new one in that queue. */
export function placeForget(place) {
	if (placeOf(place.queue)?.token === place.token) deviceWrite(`usher.place.${place.queue}`, null);
}

/** Changes some of a place, here and on the device. Another tab may have changed the rest of it since, or got a new one. */
export function placeChange(place, fields) {
	const kept = placeOf(place.queue);
	const same = kept?.token === place.token;
	Object.assign(place, same ? kept : {}, fields);
	if (same || !kept) placeKeep(place);
}

/** The member number used last, or null. */
export const memberOf = () => deviceRead('usher.member');
export const memberKeep = (userId) => deviceWrite('usher.member', userId);

const TICKETS_MOST = 20;

/** Tickets bought on this device, newest first: {paymentId, title, schedule, seats, amount, paidAt, userId}. */
export const tickets = () => deviceRead('usher.tickets') ?? [];
export function ticketKeep(ticket) {
	const others = tickets().filter((other) => other.paymentId !== ticket.paymentId);
	deviceWrite('usher.tickets', [ticket, ...others].slice(0, TICKETS_MOST));
}
