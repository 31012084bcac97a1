// The buyer's page in a real browser, from the concert to the ticket, and through all that can go wrong on the way.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { accessible, browserStart, close, DESK, open, scriptOf, shot } from './kit.mjs';
import { Stack, until } from './stack.mjs';
import { concert, dateOpen, heading, hold, join, listOpen, placeOn, queue, seat, section, toSeats } from './steps.mjs';

const HOSTILE = '<img src=x onerror="document.title=1"> & Friends';
const hall = [section('A', 10, 10), section('B', 10, 10, 30000)];

const CATALOG = {
	queues: [queue('main'), queue('narrow', { capacity: 1 }), queue('doors', { opensAt: '2034-01-01T00:00:00.000Z' }), queue('sold', { capacity: 1 }),
		queue('stadium')],
	users: [{ from: 1, to: 900, balance: 200000 }, { from: 901, to: 950, balance: 10000 }],
	concerts: [concert(1, 'Winter Live', 'main', hall, 2), concert(2, HOSTILE, 'main', hall, 2), concert(3, 'Small Club', 'narrow', hall, 2),
		concert(4, 'New Year', 'doors', hall, 2), concert(5, 'One Seat', 'sold', [section('A', 1, 1, 1000)]),
		concert(6, 'Stadium Night', 'stadium', Array.from({ length: 20 }, (_, i) => section(`S${i + 1}`, 50, 50, 99000 + 30000 * (4 - Math.floor(i / 4)))), 2)],
};

let stack;
let browser;

before(async () => {
	[stack, browser] = await Promise.all([Stack.start(CATALOG), browserStart()]);
});

after(async () => {
	await browser?.close();
	await stack?.end();
});

// --- the purchase ---------------------------------------------------------------------------

test('somebody new buys two seats, charging on the way; every screen is accessible and comes from this host alone', async () => {
	const page = await open(browser, stack, '/');
	await heading(page, 'Concerts');
	await accessible(page);
	await shot(page, 'concerts');
	await page.getByRole('link', { name: /Winter Live/ }).click();
	await page.locator('#member').waitFor();
	await accessible(page);
	await shot(page, 'enter');
	await join(page, 905);
	await heading(page, 'Choose a date');
	await accessible(page);
	await shot(page, 'dates');
	await dateOpen(page);
	await accessible(page);
	const map = await page.locator('canvas').boundingBox();
	const tap = (x, y) => page.mouse.click(map.x + map.width * x, map.y + map.height * y);
	await tap(0.4, 0.5); // from afar a tap comes nearer
	await tap(0.4, 0.5);
	await until('a seat chosen', async () => await page.locator('.chip').count() === 1);
	await tap(0.6, 0.5);
	await until('two seats chosen', async () => await page.locator('.chip').count() === 2);
	await shot(page, 'seats');
	await hold(page);
	await heading(page, 'Payment');
	await page.getByText('Your balance is', { exact: false }).waitFor(); // 402 is not even asked for: the page can count
	await accessible(page);
	await page.getByRole('button', { name: 'Top up' }).click();
	await page.getByText('Topped up.', { exact: false }).waitFor();
	await accessible(page);
	await shot(page, 'pay');
	await page.getByRole('button', { name: /^Pay/ }).click();
	await heading(page, 'You have your seats');
	await accessible(page);
	await shot(page, 'ticket');
	const [row] = stack.sql("SELECT CONCAT(COUNT(*), ' ', SUM(p.amount)) FROM payments p JOIN reservations r ON r.id = p.reservation_id WHERE r.user_id = 905");
	assert.match(row, /^1 (100000|80000|60000)$/);
	assert.equal(await placeOn(page), null);
	await page.reload();
	await page.locator('.ticket').waitFor();
	await page.getByRole('link', { name: 'Back to the concerts' }).click();
	await page.getByRole('heading', { name: 'Tickets bought on this device' }).waitFor();
	await close(page);
});

test('the page weighs less than 60 KB without the seats', async () => {
	const page = await open(browser, stack, 'about:blank');
	const wire = await page.context().newCDPSession(page);
	const kinds = new Map();
	let bytes = 0;
	await wire.send('Network.enable');
	wire.on('Network.responseReceived', ({ requestId, response }) => kinds.set(requestId, response.url));
	wire.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
		if (!kinds.get(requestId)?.includes('/v1/')) bytes += encodedDataLength;
	});
	await page.goto('/c/1');
	await toSeats(page, 11);
	await seat(page, 1).click();
	await hold(page);
	await heading(page, 'Payment');
	assert.ok(bytes > 10000, `only ${bytes} bytes seen`);
	assert.ok(bytes < 60000, `${bytes} bytes`);
	await close(page);
});

test('what the page needs it is told at once: no script is found only by another script', async () => {
	const page = await open(browser, stack, 'about:blank');
	const scripts = [];
	page.on('request', (request) => request.resourceType() === 'script' && scripts.push(request.url().split('/').at(-1)));
	await page.goto('/');
	await heading(page, 'Concerts');
	const html = await (await fetch(`${stack.url}/`)).text();
	assert.deepEqual(scripts.filter((name) => !html.includes(`/${name}"`)), []);
	assert.ok(scripts.length > 5);
	await close(page);
});

// --- others are faster ----------------------------------------------------------------------

test('two browsers after one seat: the slower is told, and keeps the rest of the choice', async () => {
	const [one, two] = await Promise.all([open(browser, stack, '/c/1'), open(browser, stack, '/c/1')]);
	await Promise.all([toSeats(one, 21), toSeats(two, 22)]);
	await seat(one, 45).click();
	await seat(two, 45).click();
	await seat(two, 46).click();
	await hold(one);
	await heading(one, 'Payment');
	await hold(two);
	await two.getByText('Somebody was faster: A · row 5 · seat 5. The rest of your choice is kept.').waitFor();
	await accessible(two);
	await shot(two, 'faster');
	assert.deepEqual(await two.locator('.chip').allTextContents(), ['A · row 5 · seat 6×']);
	await until('the seat in its place, taken', async () => await seat(two, 45).isDisabled());
	await hold(two);
	await heading(two, 'Payment');
	await close(one, two);
});

test('more seats than one may have are refused by name', async () => {
	const page = await open(browser, stack, '/c/1');
	await toSeats(page, 23);
	for (const id of [51, 52, 53, 54]) await seat(page, id).click();
	await seat(page, 55).click();
	await page.getByText('At most 4 seats per person.').waitFor();
	assert.equal(await page.locator('.chip').count(), 4);
	await hold(page);
	await heading(page, 'Payment');
	await page.goBack();
	await page.getByText('You hold seats.', { exact: false }).waitFor();
	await dateOpenAgain(page);
	await seat(page, 55).click();
	await hold(page);
	await page.getByText('more than 4 seats for you', { exact: false }).waitFor();
	await page.getByRole('button', { name: 'To payment' }).click();
	await heading(page, 'Payment');
	await page.getByRole('button', { name: 'Give the seats back' }).click();
	await page.getByRole('button', { name: 'Give them back' }).click();
	await heading(page, 'Choose a date');
	await until('the seats free', () => stack.sql('SELECT status FROM reservations WHERE user_id = 23')[0] === 'CANCELLED');
	await close(page);
});

/** Back on the seats after a hold, in the list. */
async function dateOpenAgain(page) {
	if (await page.getByRole('heading', { name: 'Choose a date' }).count()) await dateOpen(page);
	await page.locator('.seat-view > *').first().waitFor();
	if (await page.locator('canvas').count()) await listOpen(page);
	const part = page.locator('details.list-part').first();
	if (await part.getAttribute('open') === null) await part.locator('summary').first().click();
}

// --- the line -------------------------------------------------------------------------------

test('thirty in line with room for one: the position moves up, the bar only forward, and the turn comes by itself', async () => {
	const others = [];
	for (let userId = 101; userId < 130; userId++) others.push(await stack.enter(userId, 'narrow'));
	assert.equal(others[0].status, 'ACTIVE');
	const page = await open(browser, stack, '/c/3');
	await join(page, 130);
	await heading(page, 'You are in line');
	await page.evaluate(() => {
		const bar = document.querySelector('[role=progressbar]');
		globalThis.bar = [];
		new MutationObserver(() => globalThis.bar.push(Number(bar.getAttribute('aria-valuenow')))).observe(bar, { attributes: true });
	});
	const position = async () => Number(await page.locator('.position').innerText());
	await until('position 29', async () => await position() === 29);
	assert.equal(await page.title(), '(29) Small Club · Usher');
	await page.getByText('You may leave this tab', { exact: false }).waitFor();
	await accessible(page);
	for (const other of others.splice(0, 12)) await stack.call('DELETE', '/v1/tokens', undefined, other.token);
	await until('position 17', async () => await position() === 17);
	await page.getByText('16 people ahead of you').waitFor();
	await shot(page, 'line');
	await page.reload();
	await until('position 17 after a reload', async () => await page.locator('.position').count() && await position() === 17);
	assert.ok(Number(await page.locator('[role=progressbar]').getAttribute('aria-valuenow')) >= 40);
	for (const other of others) await stack.call('DELETE', '/v1/tokens', undefined, other.token);
	await heading(page, 'Choose a date');
	await page.getByRole('button', { name: 'Stop buying' }).click();
	await page.getByRole('button', { name: 'Leave', exact: true }).click();
	await heading(page, 'You have left the line');
	await close(page);
});

test('nobody loses a place by a wrong button: leaving asks, and every other way out keeps it', async () => {
	const first = await stack.enter(131, 'narrow');
	const page = await open(browser, stack, '/c/3');
	await join(page, 132);
	await heading(page, 'You are in line');
	const { token } = await placeOn(page, 'narrow');
	await page.getByRole('button', { name: 'Leave the line' }).click();
	await page.getByRole('heading', { name: 'Give up your place?' }).waitFor();
	await accessible(page);
	await page.keyboard.press('Escape');
	await page.getByRole('button', { name: 'Leave the line' }).click();
	await page.keyboard.press('Enter'); // the focus is on keeping it
	await page.locator('dialog').waitFor({ state: 'detached' });
	await page.goto('/');
	await page.getByText('You have a place here').waitFor();
	await page.goBack();
	await heading(page, 'You are in line');
	assert.equal((await placeOn(page, 'narrow')).token, token);
	assert.equal((await stack.call('GET', '/v1/queue/position', undefined, token)).body.position, 1);
	await stack.call('DELETE', '/v1/tokens', undefined, first.token);
	await stack.call('DELETE', '/v1/tokens', undefined, token);
	await heading(page, 'Your place has ended'); // given up elsewhere: explained, and a new one offered
	await accessible(page);
	await page.getByRole('button', { name: 'Get a new place' }).click();
	await heading(page, 'Choose a date');
	await stack.call('DELETE', '/v1/tokens', undefined, (await placeOn(page, 'narrow')).token);
	await close(page);
});

test('a paused line says so', async () => {
	await stack.admin('PATCH', '/queues/narrow', { paused: true });
	const page = await open(browser, stack, '/c/3');
	await join(page, 133);
	await page.getByText('The line is paused for a moment.', { exact: false }).waitFor();
	await stack.admin('PATCH', '/queues/narrow', { paused: false });
	await heading(page, 'Choose a date');
	await stack.call('DELETE', '/v1/tokens', undefined, (await placeOn(page, 'narrow')).token);
	await close(page);
});

test('sold out is said to who still waits', async () => {
	const inside = await stack.enter(141, 'sold');
	await stack.call('POST', '/v1/reservations', { scheduleId: 51, seatId: 1 }, inside.token);
	const page = await open(browser, stack, '/c/5');
	await join(page, 142);
	await page.getByText('All seats are taken').waitFor();
	await accessible(page);
	await shot(page, 'soldout');
	await close(page);
});

test('before the doors: the countdown and the fingerprint of the draw; after them the number it belongs to', async () => {
	const page = await open(browser, stack, '/c/4');
	await page.getByText('takes part in a draw', { exact: false }).waitFor();
	await join(page, 151);
	await heading(page, 'The sale opens soon');
	const published = (await stack.call('GET', '/v1/queues/doors')).body.commitment;
	await page.locator('summary').click();
	await page.getByText(published).waitFor();
	await accessible(page);
	await stack.admin('PATCH', '/queues/doors', { paused: true });
	await stack.admin('PATCH', '/queues/doors', { opensAt: new Date(Date.now() + 3600000).toISOString() });
	await page.reload();
	await until('an hour on the clock', async () => /^(59:\d\d|1:00:00)$/.test(await page.locator('.position').innerText().catch(() => '')));
	await shot(page, 'draw');
	await stack.admin('PATCH', '/queues/doors', { opensAt: new Date(Date.now() + 1500).toISOString() });
	await heading(page, 'You are in line', 45000); // it was told to come back within 30 s
	await page.locator('summary').click();
	await page.getByText('Its fingerprint is the one that was published before.', { exact: false }).waitFor();
	await page.getByText((await stack.call('GET', '/v1/queues/doors')).body.seed).waitFor();
	await stack.admin('PATCH', '/queues/doors', { paused: false });
	await heading(page, 'Choose a date');
	await close(page);
});

// --- reload, offline, lost answers ----------------------------------------------------------

test('a reload in the middle goes on where it was, on the seats and at the payment', async () => {
	const page = await open(browser, stack, '/c/1');
	await toSeats(page, 31, 1);
	assert.equal(new URL(page.url()).hash, '#seats-12');
	await page.reload();
	await heading(page, 'Choose your seats');
	await page.getByText('Dec 25, 2035', { exact: false }).waitFor();
	await dateOpenAgain(page);
	await seat(page, 7).click();
	await hold(page);
	await heading(page, 'Payment');
	await page.reload();
	await heading(page, 'Payment');
	await page.getByText('A · row 1 · seat 7').waitFor();
	await page.getByRole('button', { name: /^Pay/ }).click();
	await heading(page, 'You have your seats');
	await close(page);
});

test('offline waits politely and goes on by itself', async () => {
	const page = await open(browser, stack, '/c/1');
	await join(page, 32);
	await heading(page, 'Choose a date');
	await page.context().setOffline(true);
	await page.getByRole('alert').getByText('No connection.', { exact: false }).waitFor();
	await accessible(page);
	await shot(page, 'offline');
	await page.context().setOffline(false);
	await page.locator('.banner').waitFor({ state: 'hidden' });
	await dateOpen(page);
	await stack.stop('usherd', 'SIGKILL');
	await page.getByRole('alert').getByText('No connection.', { exact: false }).waitFor();
	await stack.usherd();
	await page.locator('.banner').waitFor({ state: 'hidden' });
	await listOpen(page);
	await seat(page, 33).click();
	await hold(page);
	await heading(page, 'Payment');
	await close(page);
});

test('a database that is away is waited for, at the payment too', async () => {
	const page = await open(browser, stack, '/c/1');
	await toSeats(page, 33);
	await seat(page, 35).click();
	await hold(page);
	await page.getByRole('button', { name: /^Pay/ }).waitFor();
	await stack.stop('mysql', 'SIGKILL');
	await page.getByRole('button', { name: /^Pay/ }).click();
	await page.getByRole('alert').getByText('Very busy right now.', { exact: false }).waitFor();
	stack.mysql();
	await heading(page, 'You have your seats');
	assert.deepEqual(stack.sql('SELECT COUNT(*) FROM payments p JOIN reservations r ON r.id = p.reservation_id WHERE r.user_id = 33'), ['1']);
	await close(page);
});

test('the answer to a payment gets lost: asked again, in the page and after a reload, it is paid once', async () => {
	const page = await open(browser, stack, '/c/1');
	await toSeats(page, 34);
	await seat(page, 36).click();
	await hold(page);
	let lost = 0;
	await page.route('**/v1/payments', async (route) => {
		await route.fetch();
		lost++;
		await route.abort();
	});
	await page.getByRole('button', { name: /^Pay/ }).click();
	await until('a lost answer', () => lost > 0);
	await page.unrouteAll({ behavior: 'ignoreErrors' });
	await page.reload();
	await heading(page, 'You have your seats');
	assert.deepEqual(stack.sql('SELECT COUNT(*) FROM payments p JOIN reservations r ON r.id = p.reservation_id WHERE r.user_id = 34'), ['1']);
	await close(page);
});

test('the answer to a reservation gets lost with the page: the next one finds the hold', async () => {
	const page = await open(browser, stack, '/c/1');
	await toSeats(page, 35);
	await seat(page, 37).click();
	let lost = 0;
	await page.route('**/v1/reservations', async (route) => {
		await route.fetch();
		lost++;
		await route.abort();
	});
	await hold(page);
	await until('a lost answer', () => lost > 0);
	await page.unrouteAll({ behavior: 'ignoreErrors' });
	await page.reload();
	await heading(page, 'Payment');
	await page.getByText('A · row 4 · seat 7').waitFor();
	await close(page);
});

test('a closed lid: the same device, days of the tab gone, has the same place', async () => {
	await stack.admin('PATCH', '/queues/narrow', { paused: true });
	const page = await open(browser, stack, '/c/3');
	await join(page, 161);
	await heading(page, 'You are in line');
	const storage = await page.context().storageState();
	await close(page);
	const again = await open(browser, stack, '/c/3', { storage });
	await heading(again, 'You are in line');
	await until('the same position', async () => await again.locator('.position').innerText().catch(() => '') === '1');
	await stack.admin('PATCH', '/queues/narrow', { paused: false });
	await heading(again, 'Choose a date');
	await stack.call('DELETE', '/v1/tokens', undefined, (await placeOn(again, 'narrow')).token);
	await close(again);
});

test('a token nobody knows is explained, and a member number nobody has', async () => {
	const page = await open(browser, stack, '/c/1');
	await join(page, 99999);
	await page.getByText('This member number is not known.', { exact: false }).waitFor();
	await join(page, 'seven');
	await page.getByText('A member number is a whole number', { exact: false }).waitFor();
	await accessible(page);
	await page.evaluate(() => localStorage.setItem('usher.place.main', JSON.stringify({ token: 'x.y', userId: 7, queue: 'main', concertId: 1 })));
	await page.reload();
	await page.getByText('This place is not known here any more.').waitFor();
	await page.goto('/c/77');
	await heading(page, 'No such concert');
	await accessible(page);
	await close(page);
});

// --- for everybody --------------------------------------------------------------------------

test('Korean by Accept-Language, English by the switch, and the choice stays', async () => {
	const page = await open(browser, stack, '/c/1', { locale: 'ko-KR' });
	assert.match(await (await fetch(`${stack.url}/`, { headers: { 'Accept-Language': 'ko-KR,en;q=0.5' } })).text(), /<html lang="ko">/);
	await heading(page, 'Winter Live');
	await page.getByRole('button', { name: '대기열 들어가기' }).waitFor();
	await toSeats(page, 41);
	await heading(page, '좌석 선택');
	await seat(page, 61).click();
	await accessible(page);
	await page.getByRole('button', { name: 'English' }).click();
	await heading(page, 'Choose your seats');
	assert.equal(await page.locator('html').getAttribute('lang'), 'en');
	assert.equal(await page.locator('.chip').count(), 1);
	await page.getByRole('button', { name: '한국어' }).click();
	await hold(page);
	await heading(page, '결제');
	await accessible(page);
	await close(page);
});

test('both languages have every text', async () => {
	const names = (text) => (text.match(/\{\w+\}/g) ?? []).sort();
	const pages = [['texts-buyer.js', 'texts-buyer.js'], ['texts-admin-en.js', 'texts-admin-ko.js']];
	for (const [english, korean] of pages) {
		const { en } = await scriptOf(english);
		const { ko } = await scriptOf(korean);
		const keys = (texts) => Object.keys(texts).filter((key) => !key.includes(' ')).sort(); // an invariant's key is its name
		assert.deepEqual(keys(ko), keys(en));
		for (const key of Object.keys(en)) assert.deepEqual(names(ko[key]), names(en[key]), key);
	}
});

test('keyboard only, from the first page to the ticket', async () => {
	const page = await open(browser, stack, '/', { viewport: DESK });
	const tabTo = async (what) => {
		for (let i = 0; i < 60; i++) {
			await page.keyboard.press('Tab');
			if (await page.evaluate((text) => document.activeElement?.matches?.(text) ?? false, what)) return;
		}
		throw new Error(`no Tab leads to ${what}`);
	};
	await heading(page, 'Concerts');
	await tabTo('a.concert');
	await page.keyboard.press('Enter');
	await page.locator('#member').waitFor();
	await tabTo('#member');
	await page.keyboard.type('42');
	await page.keyboard.press('Enter');
	await heading(page, 'Choose a date');
	await page.locator('button.concert').first().waitFor();
	await tabTo('button.concert');
	await page.keyboard.press('Enter');
	await page.locator('.map-box').waitFor();
	await tabTo('.map-box');
	for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight', 'Enter']) await page.keyboard.press(key);
	await until('a seat chosen', async () => await page.locator('.chip').count() === 1);
	assert.match(await page.locator('#live').innerText(), /^[AB] · row \d+ · seat \d+, ₩[35]0,000, chosen$/);
	await shot(page, 'seats-desk');
	await tabTo('.basket .primary');
	await page.keyboard.press('Enter');
	await page.getByRole('button', { name: /^Pay/ }).waitFor();
	await tabTo('button.primary');
	await page.keyboard.press('Enter');
	await heading(page, 'You have your seats');
	await close(page);
});

test('a hostile title stays a title', async () => {
	const page = await open(browser, stack, '/');
	await page.getByText(HOSTILE).waitFor();
	await page.goto('/c/2');
	await heading(page, HOSTILE);
	assert.equal(await page.title(), `${HOSTILE} · Usher`);
	await toSeats(page, 43);
	await seat(page, 8).click();
	await hold(page);
	await page.getByRole('button', { name: /^Pay/ }).click();
	await page.getByRole('heading', { level: 2, name: HOSTILE }).waitFor();
	assert.equal(await page.locator('main img').count(), 0);
	await close(page);
});

test('fifty thousand seats: seen whole, come near to, picked, in the dark as well', async () => {
	const page = await open(browser, stack, '/c/6', { colorScheme: 'dark' });
	await join(page, 44);
	await dateOpen(page);
	await shot(page, 'stadium');
	const map = await page.locator('canvas').boundingBox();
	const [x, y] = [map.x + map.width / 2, map.y + map.height / 2];
	await page.mouse.move(x, y);
	await page.mouse.down();
	await page.mouse.move(x + 60, y + 40, { steps: 5 });
	await page.mouse.up();
	for (let i = 0; i < 4; i++) await page.mouse.wheel(0, -600);
	await until('a seat chosen', async () => {
		await page.mouse.click(x, y);
		return page.locator('.chip').count();
	});
	await accessible(page);
	await listOpen(page, 'S1');
	await until('the rows', async () => await page.locator('details.list-part').count() === 20 + 50);
	assert.equal(await page.locator('[data-seat]').count(), 0); // a row's seats are made when it is opened
	await page.locator('details.list-part details summary').first().click();
	await until('the seats of a row', async () => await page.locator('[data-seat]').count() === 50);
	await close(page);
});
