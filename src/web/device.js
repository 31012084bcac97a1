// What the page keeps on the device: the place in line above all. A browser that keeps nothing (a private window with
// storage off) still gets through a sale, as long as the tab is open.

const memory = new Map();

function read(key) {
	try {
		return JSON.parse(localStorage.getItem(key)) ?? memory.get(key) ?? null;
	} catch {
		return memory.get(key) ?? null;
	}
}

function write(key, value) {
	memory.set(key, value);
	try {
		if (value === null) localStorage.removeItem(key);
		else localStorage.setItem(key, JSON.stringify(value));
	} catch {
		// memory has it
	}
}

/**
 * A place in a queue: {token, userId, queue, concertId, first, done, inside, commitment, hold, orders}; `first` is the
 * position told first, `done` how far the bar has come (0 to 1), `inside` whether its turn had come, `hold` the
 * reservation under way with its schedule, `orders` the Idempotency-Keys of what may have been done without our knowing.
 */
export const placeOf = (queue) => read(`usher.place.${queue}`);
export const placeKeep = (place) => write(`usher.place.${place.queue}`, place);
export const placeForget = (place) => write(`usher.place.${place.queue}`, null);

/** The member number used last, or null. */
export const memberOf = () => read('usher.member');
export const memberKeep = (userId) => write('usher.member', userId);

const TICKETS_MOST = 20;

/** Tickets bought on this device, newest first: {paymentId, title, schedule, seats, amount, paidAt, userId}. */
export const tickets = () => read('usher.tickets') ?? [];
export function ticketKeep(ticket) {
	const others = tickets().filter((other) => other.paymentId !== ticket.paymentId);
	write('usher.tickets', [ticket, ...others].slice(0, TICKETS_MOST));
}
