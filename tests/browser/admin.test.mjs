// The operator's page in a real browser: signing in, looking, pausing, changing, importing, auditing, and what goes wrong.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, browserStart, close, DESK, open, PHONE, shot } from './kit.mjs';
import { ADMIN_KEY, Stack, until } from './stack.mjs';

const HOSTILE = '<img src=x onerror="document.title=1"> & Friends';
const queue = (name, more = {}) => ({ name, capacity: 50, ratePerSecond: 50, sessionSeconds: 600, claimSeconds: 60, ...more });
const section = (name, rows, price = 50000) => ({ name, rows, seatsPerRow: 30, price });
const concert = (id, title, name, sections = [section('A', 2)]) => ({
	id, title, queue: name, seatLimit: 4, holdSeconds: 300,
	schedules: [{ id: 10 * id + 1, startsAt: '2035-12-24T10:00:00.000Z', venue: 'Olympic Hall', sections }],
});
const CATALOG = {
	queues: [queue('main', { capacity: 30, ratePerSecond: 6, sessionSeconds: 30, claimSeconds: 4 }), queue('narrow', { capacity: 1 }),
		queue('spring', { opensAt: new Date(Date.now() + 7500000).toISOString() })],
	users: [{ from: 1, to: 3000, balance: 100000 }],
	concerts: [concert(1, 'Winter Live', 'main', [section('A', 40)]), concert(2, 'Small Club', 'narrow')],
};
const change = (work) => {
	const changed = structuredClone(CATALOG);
	work(changed);
	return JSON.stringify(changed);
};

let stack;
let browser;
let crowd;

before(async () => {
	[stack, browser] = await Promise.all([Stack.start(CATALOG), browserStart()]);
	crowd = crowdStart();
});

after(async () => {
	await crowd?.end();
	await browser?.close();
	await stack?.end();
});

// --- what the tests do ----------------------------------------------------------------------

/** Buyers of queue main, so that there is something to see: they wait, show up or not, pay. */
function crowdStart() {
	let user = 1000;
	let seat = 1;
	let over = false;
	const soon = (ms) => new Promise((next) => setTimeout(next, ms));
	const buyer = async (id) => {
		const { token } = await stack.enter(id);
		if (id % 9 === 0) return;
		const position = () => stack.call('GET', '/v1/queue/position', undefined, token);
		while (!over && (await position()).body?.status === 'WAITING') await soon(1000);
		await soon(1500 + 2500 * Math.random());
		if (over) return;
		const held = await stack.call('POST', '/v1/reservations', { scheduleId: 11, seatId: seat++ }, token);
		if (held.status === 201) await stack.call('POST', '/v1/payments', { reservationId: held.body.reservationId }, token);
	};
	const come = (n) => {
		// Some of them will find the servers away.
		for (let i = 0; i < n; i++) buyer(user++).catch(() => {});
	};
	come(80);
	const timer = setInterval(() => come(2 + Math.round(4 * Math.random())), 700);
	return { end: async () => { over = true; clearInterval(timer); } };
}

async function key(page, text) {
	await page.locator('#key').fill(text);
	await page.locator('form button[type=submit]').click();
}

const heading = (page, name) => page.getByRole('heading', { level: 1, name }).waitFor();

async function signedIn(path = '/admin#/queue/narrow', device = {}) {
	const page = await open(browser, stack, path, { viewport: DESK, ...device });
	await key(page, ADMIN_KEY);
	await page.locator('nav').waitFor();
	return page;
}

const tile = (page, n) => page.locator('.tile .value').nth(n).innerText();
const note = (page, kind = 'good') => page.locator(`main .note.${kind}`);
const status = async (token) => (await stack.call('GET', '/v1/queue/position', undefined, token)).body?.status;
const leave = (token) => stack.call('DELETE', '/v1/tokens', undefined, token);

async function answerDialog(page, name) {
	await page.locator('dialog').getByRole('button', { name, exact: true }).click();
	await until('the dialog to close', async () => await page.locator('dialog').count() === 0);
}

async function preview(page, text) {
	await page.locator('#catalog-text').fill(text);
	await page.getByRole('button', { name: 'Preview changes' }).click();
}

// --- signing in -----------------------------------------------------------------------------

test('the key is asked for, kept for the tab alone, and in no address', async () => {
	const page = await open(browser, stack, '/admin', { viewport: DESK });
	const urls = [];
	page.on('request', (request) => urls.push(request.url()));
	await accessible(page);
	await page.locator('form button[type=submit]').click();
	await page.locator('#key-wrong', { hasText: 'Type the admin key.' }).waitFor();
	for (const wrong of ['wrong', `${ADMIN_KEY}x`, 'ключ']) {
		await key(page, wrong);
		await page.locator('#key-wrong', { hasText: 'not the admin key' }).waitFor();
		assert.equal(await page.locator('#key').getAttribute('aria-invalid'), 'true');
	}
	await accessible(page);
	await key(page, ADMIN_KEY);
	await heading(page, 'main');
	await page.reload();
	await heading(page, 'main');
	const kept = await page.evaluate(() => [JSON.stringify(localStorage), location.href]);
	assert.ok(![...kept, ...urls].join(' ').includes(ADMIN_KEY));
	assert.ok(urls.some((url) => url.endsWith('/admin/v1/queues')));
	const other = await page.context().newPage();
	await other.goto('/admin');
	await other.locator('#key').waitFor();
	await page.getByRole('button', { name: 'Sign out' }).click();
	await page.locator('#key').waitFor();
	assert.equal(await page.evaluate(() => sessionStorage.length), 0);
	await page.reload();
	await page.locator('#key').waitFor();
	await close(page);
});

// --- looking --------------------------------------------------------------------------------

/** Whether a chart has been drawn: something with colour is on its canvas. */
const drawn = (canvas) => canvas.evaluate((element) => {
	const { data } = element.getContext('2d').getImageData(0, 0, element.width, element.height);
	for (let i = 0; i < data.length; i += 4)
		if (data[i + 3] > 200 && Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]) > 60) return true;
	return false;
});

test('the charts draw what the history says, and say it in words and as a table', async () => {
	const page = await signedIn('/admin');
	await heading(page, 'main');
	const canvases = page.locator('canvas');
	assert.equal(await canvases.count(), 8);
	const waiting = canvases.first();
	await until('a history', async () => /^Waiting: \d+ now, \d+ to \d+ since \d\d:\d\d:\d\d$/.test(await waiting.getAttribute('aria-label')));
	const labels = await canvases.evaluateAll((all) => all.map((canvas) => canvas.getAttribute('aria-label')));
	for (const name of ['Inside', 'Let in', 'No-shows', 'Seats left', 'Payments / s', 'Requests / s', 'Errors / s', 'Answers, p99'])
		assert.ok(labels.some((label) => label.includes(name)), `${name}: ${labels}`);
	await until('a line', () => drawn(waiting));
	const history = await stack.admin('GET', '/queues/main/history');
	assert.equal(Number((await waiting.getAttribute('aria-label')).match(/(\d+) now/)[1]) >= 0, true);
	await page.locator('summary').click();
	await until('a row of the table', async () => await page.locator('details tbody tr').count() >= 1);
	assert.equal(await page.locator('details thead th').count(), 1 + 9);
	assert.ok(history.times.length >= 1);
	await accessible(page);
	await close(page);
});

test('the headline figures are those of the daemon and follow it', async () => {
	const page = await signedIn();
	await heading(page, 'narrow');
	await until('an empty line', async () => await tile(page, 0) === '0');
	const tokens = [];
	for (let id = 1; id <= 4; id++) tokens.push((await stack.enter(id, 'narrow')).token);
	await until('three in line', async () => await tile(page, 0) === '3' && await tile(page, 1) === '1');
	assert.equal(await tile(page, 3), '60');
	const side = page.locator('nav a', { hasText: 'narrow' });
	await until('the same at the side', async () => (await side.innerText()).includes('Waiting 3 · Inside 1'));
	await page.getByRole('link', { name: /spring/ }).click();
	await heading(page, 'spring');
	assert.match(await page.locator('h1 + .badge').innerText(), /^Opens in \d+:\d\d:\d\d$/);
	await page.goBack();
	await heading(page, 'narrow');
	for (const token of tokens.reverse()) await leave(token);
	await close(page);
});

test('a queue that is not there is said to be missing, whatever it is called', async () => {
	const page = await signedIn(`/admin#/queue/${encodeURIComponent(HOSTILE)}`);
	await page.getByText(`There is no queue “${HOSTILE}”`).waitFor();
	assert.equal(await page.locator('main img').count(), 0);
	await page.goto('/admin#/queue/%zz');
	await page.getByText('There is no queue “%zz”').waitFor();
	await page.goto('/admin#/queue/narrow');
	await heading(page, 'narrow');
	await page.getByRole('button', { name: 'Pause' }).waitFor();
	await close(page);
});

// --- steering -------------------------------------------------------------------------------

test('pausing asks first, and then the line stands until it is resumed', async () => {
	const page = await signedIn();
	await page.getByRole('button', { name: 'Pause', exact: true }).click();
	await page.getByText('From now on nobody is let in.', { exact: false }).waitFor();
	await accessible(page);
	await shot(page, 'admin-pause');
	await answerDialog(page, 'Cancel');
	assert.equal((await stack.admin('GET', '/queues/narrow')).paused, false);
	await page.getByRole('button', { name: 'Pause', exact: true }).click();
	await answerDialog(page, 'Pause');
	await note(page).getByText('is paused: nobody is let in').waitFor();
	assert.equal(await page.locator('h1 + .badge').innerText(), 'Paused');
	const { token } = await stack.enter(10, 'narrow');
	assert.equal(await status(token), 'WAITING');
	await until('one in line', async () => await tile(page, 0) === '1');
	await page.getByText('nobody is let in at the moment').waitFor();
	await accessible(page);
	await page.getByRole('button', { name: 'Resume', exact: true }).click();
	await answerDialog(page, 'Resume');
	await note(page).getByText('lets people in again').waitFor();
	await until('the line to move', async () => await status(token) === 'ACTIVE');
	await until('nobody in line', async () => await tile(page, 0) === '0' && await tile(page, 1) === '1');
	await leave(token);
	await close(page);
});

test('a setting that is changed is in force for the line, and nothing else is sent', async () => {
	const page = await signedIn();
	const sent = [];
	page.on('request', (request) => request.method() === 'PATCH' && sent.push(request.postDataJSON()));
	const tokens = [];
	for (let id = 11; id <= 12; id++) tokens.push((await stack.enter(id, 'narrow')).token);
	assert.equal(await status(tokens[1]), 'WAITING');
	await page.getByRole('button', { name: 'Save changes' }).click();
	await page.getByText('Nothing has been changed.').waitFor();
	await page.getByLabel('Capacity').fill('2');
	await page.getByRole('button', { name: 'Save changes' }).click();
	await note(page).getByText('in force on every server within a second: capacity 1 → 2').waitFor();
	await until('the second one inside', async () => await status(tokens[1]) === 'ACTIVE');
	assert.deepEqual(sent, [{ capacity: 2 }]);
	assert.equal((await stack.admin('GET', '/queues/narrow')).capacity, 2);
	// What another operator changes shows in the fields that nobody is writing in.
	await page.getByLabel('Capacity').fill('77');
	await stack.admin('PATCH', '/queues/narrow', { capacity: 1, sessionSeconds: 601 });
	await until('the new session', async () => await page.getByLabel('Session, seconds').inputValue() === '601');
	assert.equal(await page.getByLabel('Capacity').inputValue(), '77');
	await page.getByRole('button', { name: 'Undo' }).click();
	assert.equal(await page.getByLabel('Capacity').inputValue(), '1');
	for (const token of tokens) await leave(token);
	await close(page);
});

test('a setting that is refused says so at its field, and nothing is changed', async () => {
	const page = await signedIn();
	const before = await stack.admin('GET', '/queues/narrow');
	for (const [label, field, value, text] of [
		['Capacity', 'capacity', '0', 'Must be a whole number from 1 to 1,000,000.'],
		['Admissions per second', 'ratePerSecond', '1.5', 'Must be a whole number from 1 to 100,000.'],
		['Session, seconds', 'sessionSeconds', '', 'Must be a whole number from 1 to 86,400.'],
		['Doors open', 'opensAt', '2020-01-01T10:00', 'Must be in the future.'],
	]) {
		await page.getByLabel(label, { exact: true }).fill(value);
		await page.getByRole('button', { name: 'Save changes' }).click();
		await page.locator(`#${field}-wrong`, { hasText: text }).waitFor();
		assert.equal(await page.evaluate(() => document.activeElement.id), `set-${field}`);
		await page.getByText('Nothing was saved.').waitFor();
		await accessible(page);
		await page.getByRole('button', { name: 'Undo' }).click();
		assert.equal(await page.locator(`#${field}-wrong`).innerText(), '');
	}
	const now = await stack.admin('GET', '/queues/narrow');
	assert.equal(now.version, before.version);
	await close(page);
});

test('doors are set in the time zone of the sale', async () => {
	const page = await signedIn('/admin#/queue/spring');
	const field = page.getByLabel('Doors open');
	await until('the doors', async () => await field.inputValue() !== '');
	await field.fill('2034-06-01T20:30');
	await page.getByRole('button', { name: 'Save changes' }).click();
	await note(page).getByText('doors open').waitFor();
	assert.equal((await stack.admin('GET', '/queues/spring')).opensAt, '2034-06-01T11:30:00.000Z');
	assert.equal(await page.locator('h1 + .badge').innerText(), 'Opens Jun 1, 2034');
	await stack.admin('PATCH', '/queues/spring', { opensAt: CATALOG.queues[2].opensAt });
	await until('the old doors', async () => /^Opens in [12]:\d\d:\d\d$/.test(await page.locator('h1 + .badge').innerText()));
	const times = await page.evaluate(async () => {
		const base = document.querySelector('script[type=module]').src.replace(/[^/]*$/, '');
		const { fromField, toField } = await import(`${base}admin-time.js`);
		const both = (text, zone) => [fromField(text, zone), toField(fromField(text, zone), zone)];
		return [both('2026-07-01T12:00:30', 'America/New_York'), both('2026-12-01T12:00:00', 'America/New_York'),
			both('2026-11-01T01:30:00', 'America/New_York')[1], both('2026-03-29T12:00', 'Europe/London'), fromField('', 'Asia/Seoul'), toField(null, 'Asia/Seoul')];
	});
	assert.deepEqual(times, [['2026-07-01T16:00:30.000Z', '2026-07-01T12:00:30'], ['2026-12-01T17:00:00.000Z', '2026-12-01T12:00:00'],
		'2026-11-01T01:30:00', ['2026-03-29T11:00:00.000Z', '2026-03-29T12:00:00'], null, '']);
	await close(page);
});

// --- the catalogue --------------------------------------------------------------------------

test('an import is previewed, asked about, and done; what it names stays text', async () => {
	const page = await signedIn('/admin#/catalog');
	await accessible(page);
	await page.getByRole('button', { name: 'Preview changes' }).click();
	await page.getByText('Choose a file or paste a catalogue first.').waitFor();
	await preview(page, JSON.stringify(CATALOG));
	await page.getByText('Nothing would change').waitFor();
	assert.equal(await page.getByRole('button', { name: 'Import now' }).count(), 0);
	await page.getByRole('button', { name: 'Another file' }).click();
	const changed = change((catalog) => {
		catalog.queues[1].capacity = 40;
		catalog.queues.push(queue('encore'));
		catalog.users.push({ id: 5000, name: HOSTILE, balance: 7 });
		catalog.concerts[1].title = HOSTILE;
		catalog.concerts[1].schedules[0].sections.push(section('<b>Box</b>', 1, 90000));
	});
	await page.locator('#catalog-file').setInputFiles({ name: 'sale.json', mimeType: 'application/json', buffer: Buffer.from(changed) });
	await until('the file', async () => await page.locator('#catalog-text').inputValue() === changed);
	await page.getByRole('button', { name: 'Preview changes' }).click();
	await page.getByRole('heading', { name: 'What would change' }).waitFor();
	const shown = (await page.locator('main').innerText()).replace(/\s+/g, ' ');
	for (const text of ['capacity 1 → 40', 'encore', `${HOSTILE} User 5000`, `title Small Club → ${HOSTILE}`,
		'Date 21, section <b>Box</b>', '30', '₩90,000'])
		assert.ok(shown.includes(text), `${text} is not in ${shown}`);
	assert.equal(await page.locator('main img, main b').count(), 0);
	await accessible(page);
	assert.equal((await stack.admin('GET', '/queues')).queues.length, 3);
	await page.getByRole('button', { name: 'Import now' }).click();
	await page.getByText('queues: 2, users: 1, concerts: 1, seats: 30', { exact: false }).waitFor();
	await answerDialog(page, 'Cancel');
	assert.equal((await stack.admin('GET', '/queues')).queues.length, 3);
	await page.getByRole('button', { name: 'Import now' }).click();
	await answerDialog(page, 'Import now');
	await note(page).getByText('Imported: queues: 2, users: 1, concerts: 1, seats: 30.').waitFor();
	assert.equal((await stack.admin('GET', '/queues/narrow')).capacity, 40);
	await page.getByRole('link', { name: /encore/ }).waitFor();
	await accessible(page);
	await stack.admin('PATCH', '/queues/narrow', { capacity: 1 });
	await close(page);
});

test('a catalogue that is refused says what is wrong, and stays in the form', async () => {
	const page = await signedIn('/admin#/catalog');
	const { token } = await stack.enter(20, 'narrow');
	await until('to be inside', async () => await status(token) === 'ACTIVE');
	const held = await stack.call('POST', '/v1/reservations', { scheduleId: 21, seatId: 31 }, token);
	assert.equal(held.status, 201);
	const smaller = change((catalog) => { catalog.concerts[1].schedules[0].sections = [section('A', 1)]; });
	await preview(page, smaller);
	await note(page, 'bad').getByText('takes away seat 31 of schedule 21, which is sold or held').waitFor();
	assert.equal(await page.locator('#catalog-text').inputValue(), smaller);
	await accessible(page);
	await preview(page, change((catalog) => { catalog.queues[0].capacity = 0; }));
	await note(page, 'bad').getByText('queues[0].capacity: must be a whole number').waitFor();
	await preview(page, '{');
	await note(page, 'bad').getByText('the file has to be mended first', { exact: false }).waitFor();
	await preview(page, JSON.stringify({ users: [{ id: 1, name: 'x'.repeat(1500000) }] }));
	await note(page, 'bad').getByText('--catalog FILE', { exact: false }).waitFor();
	await stack.call('DELETE', `/v1/reservations/${held.body.reservationId}`, undefined, token);
	await leave(token);
	await close(page);
});

// --- the audit ------------------------------------------------------------------------------

test('the audit names each invariant and tells a violation', async () => {
	const page = await signedIn('/admin#/audit');
	const check = () => page.getByRole('button', { name: 'Check now' }).click();
	await accessible(page);
	await check();
	await note(page).getByText('Every invariant holds.').waitFor();
	assert.equal(await page.locator('tbody tr').count(), 6);
	assert.equal(await page.locator('tbody .badge[data-state=open]').count(), 6);
	await accessible(page);
	stack.sql('UPDATE balances SET amount = amount + 1 WHERE user_id = 900');
	await check();
	await note(page, 'bad').getByText('1 of the invariants do not hold.').waitFor();
	assert.match(await page.locator('tbody tr', { hasText: 'balance' }).innerText(), /1\s+violated/);
	await accessible(page);
	stack.sql('UPDATE balances SET amount = amount - 1 WHERE user_id = 900');
	await check();
	await note(page).waitFor();
	await close(page);
});

// --- for everybody --------------------------------------------------------------------------

test('in Korean, in the dark, on a phone', async () => {
	const page = await signedIn('/admin#/queue/main', { locale: 'ko-KR', colorScheme: 'dark', viewport: PHONE });
	await heading(page, 'main');
	assert.equal(await page.evaluate(() => document.documentElement.lang), 'ko');
	const fits = () => page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
	await until('figures', async () => /^대기 인원: /.test(await page.locator('canvas').first().getAttribute('aria-label')));
	assert.ok(await fits());
	await accessible(page);
	await shot(page, 'admin-phone');
	await page.getByRole('link', { name: '점검' }).click();
	await page.getByRole('button', { name: '지금 점검' }).click();
	await page.getByText('한 좌석의 유효한 예약은 하나뿐이다').waitFor();
	assert.ok(await fits());
	await accessible(page);
	await page.getByRole('link', { name: '카탈로그' }).click();
	await page.locator('#catalog-text').fill(change((catalog) => { catalog.concerts[0].title = '겨울 콘서트'; }));
	await page.getByRole('button', { name: '변경 미리 보기' }).click();
	await page.getByText('겨울 콘서트').first().waitFor();
	assert.ok(await fits());
	await accessible(page);
	await page.getByRole('button', { name: 'English' }).click();
	await page.getByRole('heading', { level: 1, name: 'Catalogue' }).waitFor();
	assert.equal(await page.evaluate(() => document.activeElement.lang), 'en');
	assert.match(await page.locator('#catalog-text').inputValue(), /겨울 콘서트/);
	await close(page);
});

test('without a mouse', async () => {
	const page = await open(browser, stack, '/admin#/queue/narrow', { viewport: DESK });
	const tabTo = async (what) => {
		for (let i = 0; i < 40; i++) {
			if (await page.evaluate((selector) => document.activeElement?.matches?.(selector) ?? false, what)) return;
			await page.keyboard.press('Tab');
		}
		throw new Error(`no Tab leads to ${what}`);
	};
	await tabTo('#key');
	await page.keyboard.type(ADMIN_KEY);
	await page.keyboard.press('Enter');
	await page.getByRole('button', { name: 'Pause', exact: true }).waitFor();
	await tabTo('nav a[href="#/audit"]');
	await page.keyboard.press('Enter');
	await heading(page, 'Audit');
	assert.equal(await page.evaluate(() => document.activeElement.tagName), 'H1');
	await tabTo('nav a[href="#/queue/narrow"]');
	await page.keyboard.press('Enter');
	await heading(page, 'narrow');
	await tabTo('.title button');
	await page.keyboard.press('Enter');
	await page.locator('dialog').waitFor();
	assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Cancel');
	await page.keyboard.press('Escape');
	await until('the button again', () => page.evaluate(() => document.activeElement.matches('.title button')));
	assert.equal((await stack.admin('GET', '/queues/narrow')).paused, false);
	await tabTo('#set-claimSeconds');
	await page.keyboard.press('Control+A');
	await page.keyboard.type('61');
	await page.keyboard.press('Enter');
	await note(page).getByText('60 → 61').waitFor();
	await close(page);
});

test('the pictures: a queue at work, by day and by night', async () => {
	await stack.admin('POST', '/catalog', CATALOG);
	const day = await signedIn('/admin#/queue/main');
	const night = await signedIn('/admin#/queue/main', { colorScheme: 'dark', locale: 'ko-KR' });
	for (const page of [day, night]) {
		await heading(page, 'main');
		await until('charts', () => drawn(page.locator('canvas').first()));
		await accessible(page);
	}
	await shot(day, 'admin-queue');
	await shot(night, 'admin-queue-dark');
	await day.getByRole('link', { name: 'Catalogue' }).click();
	await preview(day, change((catalog) => {
		catalog.queues[0].capacity = 60;
		catalog.users.push({ from: 2501, to: 5000, balance: 100000 });
		catalog.concerts[0].schedules[0].sections[0].price = 55000;
		catalog.concerts[0].schedules[0].sections.push(section('Balcony', 4, 30000));
		catalog.concerts.push(concert(3, 'Spring Gala', 'spring'));
	}));
	await day.getByRole('heading', { name: 'What would change' }).waitFor();
	await shot(day, 'admin-import');
	await day.goBack();
	await day.emulateMedia({ colorScheme: 'dark' });
	await until('charts in the dark', () => drawn(day.locator('canvas').first()));
	await accessible(day);
	await close(day, night);
});

// --- trouble --------------------------------------------------------------------------------

test('a daemon that is away is waited for, and everything goes on by itself', async () => {
	const page = await signedIn();
	const banner = page.locator('.banner');
	await until('figures', async () => await tile(page, 0) === '0');
	await stack.stop('usherd', 'SIGKILL');
	await banner.getByText('The server does not answer.', { exact: false }).waitFor();
	await accessible(page);
	await page.getByLabel('Capacity').fill('3');
	await page.getByRole('button', { name: 'Save changes' }).click();
	await page.locator('.settings').getByText('The server does not answer.', { exact: false }).waitFor();
	await stack.usherd();
	await banner.waitFor({ state: 'hidden' });
	await page.getByRole('button', { name: 'Save changes' }).click();
	await note(page).getByText('capacity 1 → 3').waitFor();
	await stack.admin('PATCH', '/queues/narrow', { capacity: 1 });
	page.faults = page.faults.filter((fault) => !fault.includes('ERR_CONNECTION'));
	await close(page);
});

test('Redis away is a part of the service that does not answer; a key that is no longer valid signs out', async () => {
	const page = await signedIn();
	await until('figures', async () => await tile(page, 1) !== '');
	await stack.stop('redis', 'SIGKILL');
	await page.locator('.banner').getByText('A part of the service does not answer.', { exact: false }).waitFor();
	await crowd.end();
	await stack.stop('usherd', 'SIGKILL');
	stack.redis();
	stack.flags = ['--admin-key', 'another-key'];
	await stack.usherd();
	await page.getByText('The admin key is no longer valid.', { exact: false }).waitFor();
	await accessible(page);
	await key(page, 'another-key');
	await heading(page, 'narrow');
	await close(page);
});
