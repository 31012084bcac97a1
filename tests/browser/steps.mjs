// What the tests of the buyer's page do again and again: a catalogue in few words, and the steps of a purchase.

export const queue = (name, more = {}) => ({ name, capacity: 50, ratePerSecond: 50, sessionSeconds: 600, claimSeconds: 60, ...more });
export const section = (name, rows, seatsPerRow, price = 50000) => ({ name, rows, seatsPerRow, price });

const DAYS = ['2035-12-24T10:00:00.000Z', '2035-12-25T10:00:00.000Z'];

/** A concert on one or two days; its schedules are numbered from ten times its own number on. */
export const concert = (id, title, name, sections, days = 1) => ({
	id, title, queue: name, seatLimit: 4, holdSeconds: 300,
	schedules: DAYS.slice(0, days).map((startsAt, i) => ({ id: id * 10 + i + 1, startsAt, venue: 'Olympic Hall', sections })),
});

export const heading = (page, text, timeout = 20000) => page.getByRole('heading', { level: 1, name: text }).waitFor({ timeout });
export const button = (page, name) => page.getByRole('button', { name });
export const seat = (page, id) => page.locator(`[data-seat="${id}"]`);

/** The place as the device keeps it. */
export const placeOn = (page, name = 'main') => page.evaluate((key) => JSON.parse(localStorage.getItem(key)), `usher.place.${name}`);

export async function join(page, userId) {
	await page.locator('#member').fill(String(userId));
	await page.locator('form button[type=submit]').click();
}

export async function dateOpen(page, n = 0) {
	await page.locator('button.concert').nth(n).click();
	await page.locator('.seat-view canvas, .seat-view .list-part').first().waitFor();
}

/** Switches from the map to the list, and opens a section of it. */
export async function listOpen(page, name = 'A') {
	await page.locator('.row .languages button').last().click();
	const part = page.locator('details.list-part', { hasText: new RegExp(`^${name} `) });
	if (await part.getAttribute('open') === null) await part.locator('summary').first().click();
}

/** Enters a concert and takes a date, with the list of seats open. */
export async function toSeats(page, userId, date = 0) {
	await join(page, userId);
	await dateOpen(page, date);
	await listOpen(page);
}

export const hold = (page) => page.locator('.basket button.primary').click();
