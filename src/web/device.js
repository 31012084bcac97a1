// What the page keeps on the device: the place in line above all. A browser that keeps nothing (a private window with
// storage off) still gets through a sale, as long as the tab is open.

const memory = new Map(); // where the device keeps nothing

/** What is kept under a key, or null. */
export function deviceRead(key) {
	try {
		return JSON.parse(localStorage.getItem(key));
	} catch {
		return memory.get(key) ?? null;
	}
}

/** Keeps a value that JSON can hold; null forgets it. */
export function deviceWrite(key, value) {
	try {
		if (value === null) localStorage.removeItem(key);
		else localStorage.setItem(key, JSON.stringify(value));
	} catch {
		memory.set(key, value);
	}
}

/**
 * A place in a queue: {token, userId, queue, concertId, first, done, inside, commitment, hold, orders}; `first` is the
 * position told first, `done` how far the bar has come (0 to 1), `inside` whether its turn had come, `hold` the
 * reservation under way with its schedule, `orders` the Idempotency-Keys of what may have been done without our knowing.
 */
export const placeOf = (queue) => deviceRead(`usher.place.${queue}`);
export const placeKeep = (place) => deviceWrite(`usher.place.${place.queue}`, place);
export const placeForget = (place) => deviceWrite(`usher.place.${place.queue}`, null);

/** Changes some of a place, here and on the device. Another tab may have changed the rest of it since. */
export function placeChange(place, fields) {
	const kept = placeOf(place.queue);
	Object.assign(place, kept?.token === place.token ? kept : {}, fields);
	placeKeep(place);
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
