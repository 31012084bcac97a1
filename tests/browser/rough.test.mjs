// What goes on around the buyer's page: tabs beside it, languages in the middle, networks and apps in between, late
// answers; and what somebody without a mouse is left with.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { accessible, browserStart, close, DESK, open, scriptOf, shot } from './kit.mjs';
import { Stack, until } from './stack.mjs';
import { button, concert, dateOpen, heading, hold, join as joinLine, placeOn, queue, seat, section } from './steps.mjs';

const CATALOG = {
	queues: [queue('main'), queue('other'), queue('paused')],
	users: [{ from: 1, to: 100, balance: 500000 }, { from: 101, to: 120, balance: 0 }],
	concerts: [concert(1, 'Winter Live', 'main', [section('A', 10, 10), section('B', 10, 10, 30000)]),
		concert(2, 'Spring Live', 'main', [section('A', 5, 10)]), concert(3, 'Elsewhere', 'other', [section('A', 1, 2)]),
		concert(4, 'Large', 'other', [section('Box', 1, 4), ...Array.from({ length: 6 }, (_, i) => section(`S${i + 1}`, 20, 20))]),
		concert(5, 'Later', 'paused', [section('A', 1, 2)])],
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

async function join(page, userId) {
	await joinLine(page, userId);
	await heading(page, 'Choose a date');
}

/** The list of seats, open. */
async function toList(page) {
	await dateOpen(page);
	await button(page, 'List').click();
	if (await page.locator('[data-seat]').count() === 0) await page.locator('summary').first().click();
}

async function toSeats(page, userId) {
	await join(page, userId);
	await toList(page);
}

/** Another tab of the same device. */
async function tab(page, path) {
	const other = await page.context().newPage();
	other.on('pageerror', (error) => page.faults.push(`an error: ${error.stack}`));
	await other.goto(path);
	return other;
}

/** Holds back the answers of a path until the function it gives is called. */
async function late(page, path) {
	let seen = 0;
	let free;
	const freed = new Promise((resolve) => { free = resolve; });
	await page.route(path, async (route) => {
		seen++;
		await freed;
		await route.continue();
	});
	return { seen: () => seen, free };
}

// --- tabs -----------------------------------------------------------------------------------

test('of two tabs each pays for the seats it shows', async () => {
	const page = await open(browser, stack, '/c/1');
	await toSeats(page, 11);
	await seat(page, 1).click();
	await hold(page);
	await button(page, /^Pay/).waitFor();
	const other = await tab(page, '/c/1#dates');
	await heading(other, 'Payment');
	await other.goto('/c/1#seats-11');
	await other.reload();
	await toListAgain(other);
	await seat(other, 15).click();
	await hold(other);
	await button(other, /^Pay/).waitFor();
	await button(page, /^Pay/).click();
	await heading(page, 'You have your seats');
	await page.getByText('A · row 1 · seat 1', { exact: true }).waitFor();
	await close(page);
});

async function toListAgain(page) {
	await page.locator('.seat-view canvas').waitFor();
	await button(page, 'List').click();
	await page.locator('summary').first().click();
}

test('seats given back in one tab are no error in the other', async () => {
	const page = await open(browser, stack, '/c/1');
	await toSeats(page, 12);
	await seat(page, 21).click();
	await hold(page);
	await button(page, /^Pay/).waitFor();
	const other = await tab(page, '/c/1');
	await button(other, 'Give the seats back').click();
	await button(other, 'Give them back').click();
	await heading(other, 'Choose a date');
	await button(page, /^Pay/).click();
	await page.getByText('your seats have been released', { exact: false }).waitFor();
	await close(page);
});

test('a new place that one tab has got is the place of the other too', async () => {
	const page = await open(browser, stack, '/c/1');
	await join(page, 13);
	const other = await tab(page, '/c/1');
	await heading(other, 'Choose a date');
	await button(other, 'Stop buying').click();
	await button(other, 'Leave').click();
	await button(other, 'Get a new place').click();
	await heading(other, 'Choose a date');
	const { token } = await placeOn(other);
	await until('the place of the other tab', () => page.evaluate(() => document.querySelector('h1').textContent === 'Choose a date'));
	await page.waitForResponse((response) => response.url().endsWith('/dates') && response.status() === 200);
	assert.equal((await placeOn(page)).token, token);
	await close(page);
});

test('a place that ends while several questions are under way is explained once', async () => {
	const page = await open(browser, stack, '/c/1');
	await join(page, 14);
	const { token } = await placeOn(page);
	const [dates, position] = [await late(page, '**/dates'), await late(page, '**/position')];
	await until('both questions', () => dates.seen() && position.seen());
	await stack.call('DELETE', '/v1/tokens', undefined, token);
	dates.free();
	position.free();
	await heading(page, 'Your place has ended');
	await page.waitForLoadState('networkidle');
	assert.equal(await page.locator('.broken').count(), 0);
	await close(page);
});

// --- two concerts, other concerts -----------------------------------------------------------

test('seats held for one concert are not called another by the page of another', async () => {
	const page = await open(browser, stack, '/c/2');
	await toSeats(page, 15);
	await seat(page, 1).click();
	await hold(page);
	await button(page, /^Pay/).waitFor();
	await page.goto('/c/1');
	await heading(page, 'Payment');
	await page.getByRole('heading', { name: 'Spring Live' }).waitFor();
	await button(page, /^Pay/).click();
	await heading(page, 'You have your seats');
	await page.getByRole('heading', { name: 'Spring Live' }).waitFor();
	await close(page);
});

test('an address with a date of another concert costs nobody the place', async () => {
	const page = await open(browser, stack, '/c/1');
	await join(page, 16);
	const { token } = await placeOn(page);
	for (const date of ['31', '21', '99']) {
		await page.goto(`/c/1#seats-${date}`);
		await page.reload();
		await page.locator('button.concert').waitFor();
		assert.equal((await placeOn(page)).token, token);
	}
	await close(page);
});

// --- another language in the middle ---------------------------------------------------------

test('another language loses nothing: the number typed, the list as it was, the amount typed', async () => {
	const page = await open(browser, stack, '/c/1');
	await page.locator('#member').fill('101');
	await button(page, '한국어').click();
	assert.equal(await page.locator('#member').inputValue(), '101');
	await button(page, 'English').click();
	await join(page, 101);
	await toList(page);
	await seat(page, 31).click();
	await button(page, '한국어').click();
	await seat(page, 31).waitFor(); // the section is as open as it was
	await button(page, 'English').click();
	await hold(page);
	await page.locator('#charge').fill('70000');
	await button(page, '한국어').click();
	await page.getByText('잔액이', { exact: false }).waitFor();
	assert.equal(await page.locator('#charge').inputValue(), '70000');
	await close(page);
});

test('an order under way goes on in another language: one hold, and its refusal is told there', async () => {
	const page = await open(browser, stack, '/c/1');
	await toSeats(page, 17);
	await seat(page, 41).click();
	await seat(page, 42).click();
	const { token } = await stack.enter(18);
	const order = await late(page, '**/v1/reservations');
	await hold(page);
	await until('the order', () => order.seen() === 1);
	await button(page, '한국어').click();
	await page.locator('.basket button.primary').dispatchEvent('click'); // a second time, whatever the button says
	assert.equal((await stack.call('POST', '/v1/reservations', { scheduleId: 11, seatIds: [41] }, token)).status, 201);
	order.free();
	await page.getByText('다른 분이 먼저 선택했습니다', { exact: false }).waitFor();
	assert.equal(order.seen(), 1);
	assert.equal(await page.locator('.chip').count(), 1);
	await close(page);
});

test('a charge under way is not made twice by another language or a reload', async () => {
	const page = await open(browser, stack, '/c/1');
	await toSeats(page, 102);
	await seat(page, 51).click();
	await hold(page);
	await page.locator('#charge').waitFor();
	const charge = await late(page, '**/charges');
	await button(page, 'Top up').click();
	await until('the charge', () => charge.seen() === 1);
	await button(page, '한국어').click();
	await button(page, '충전하기').click();
	await until('the charge again', () => charge.seen() === 2);
	charge.free();
	await button(page, /결제하기$/).click();
	await heading(page, '예매가 완료되었습니다');
	assert.equal((await stack.call('GET', '/v1/users/102/balance')).body.balance, 0);
	await close(page);
});

// --- what lies between ----------------------------------------------------------------------

test('the position is never asked for earlier than told', async () => {
	const page = await open(browser, stack, '/c/1');
	let due = 0;
	const early = [];
	page.on('request', (request) => {
		if (request.url().endsWith('/position') && performance.now() < due) early.push(due - performance.now());
	});
	page.on('response', async (response) => {
		if (!/\/position$|\/tokens$/.test(response.url())) return;
		const { pollAfterMs } = await response.json();
		due = performance.now() + pollAfterMs - 500; // what the news of it took to come here
	});
	await toSeats(page, 19);
	await seat(page, 61).click();
	await button(page, '한국어').click();
	await button(page, 'English').click();
	await hold(page);
	await button(page, /^Pay/).click();
	await heading(page, 'You have your seats');
	assert.deepEqual(early, []);
	await close(page);
});

test('the sign-in of a network in between, and answers that are not ours, cost nobody the place', async () => {
	const page = await open(browser, stack, '/c/1');
	await join(page, 20);
	const { token } = await placeOn(page);
	await page.route('**/v1/**', (route) => route.fulfill({ status: 302, headers: { Location: 'http://127.0.0.1:9/login' } }));
	await page.getByRole('alert').getByText('No connection.', { exact: false }).waitFor();
	await page.unrouteAll();
	await page.locator('.banner').waitFor({ state: 'hidden' });
	await page.route('**/v1/**', (route) => route.fulfill({ status: 200, contentType: 'text/html', body: '<p>Please sign in' }));
	await page.getByRole('alert').getByText('Very busy', { exact: false }).waitFor();
	await page.unrouteAll();
	await page.locator('.banner').waitFor({ state: 'hidden' });
	assert.equal((await placeOn(page)).token, token);
	await heading(page, 'Choose a date');
	await close(page);
});

test('a brand file that comes late is waited for', async () => {
	const page = await open(browser, stack, 'about:blank');
	let refused = 0;
	await page.route('**/brand.json', (route) => (refused++ ? route.continue() : route.fulfill({ status: 503, body: 'busy' })));
	await page.goto('/');
	await heading(page, 'Concerts');
	await close(page);
});

test('an error of what an app puts into the page does not end the page', async () => {
	const page = await open(browser, stack, '/c/1');
	await join(page, 21);
	await page.evaluate(() => {
		dispatchEvent(new ErrorEvent('error', { message: 'ResizeObserver loop completed with undelivered notifications.' }));
		Promise.reject(new TypeError('of somebody else'));
	});
	await until('the rejection', () => page.faults.length === 1);
	await toList(page);
	page.faults.length = 0;
	await close(page);
});

test('a currency with a smaller coin is charged as it is written, and a zone nobody knows is written as UTC', async () => {
	const page = await open(browser, stack, 'about:blank');
	await page.route('**/brand.json', (route) => route.fulfill({ json: { title: 'Hall', currency: 'USD', timeZone: 'Mars/Base' } }));
	await page.goto('/c/1');
	await join(page, 103);
	await page.getByText(/Dec 24, 2035, 10:00.*UTC/).waitFor();
	await toList(page);
	await seat(page, 71).click();
	await hold(page);
	await page.locator('#charge').waitFor();
	assert.equal(await page.locator('#charge').inputValue(), '500.00');
	await page.locator('#charge').fill('600.5');
	await button(page, 'Top up').click();
	await page.getByText('Your balance is $600.50').waitFor();
	await close(page);
});

test('a device that keeps nothing and has a wrong clock buys a seat as well', async () => {
	const page = await open(browser, stack, 'about:blank');
	await page.addInitScript(() => {
		Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError'); };
		const { now } = Date;
		Date.now = () => now() + 3600000;
	});
	await page.goto('/c/1');
	await toSeats(page, 29);
	assert.match(await page.locator('.strip [role=timer]').innerText(), /^(9:5\d|10:0[01])$/);
	await seat(page, 95).click();
	await hold(page);
	await button(page, /^Pay/).waitFor();
	assert.match(await page.locator('.position').innerText(), /^(4:5\d|5:0[01])$/);
	await button(page, /^Pay/).click();
	await heading(page, 'You have your seats');
	await page.goBack();
	await page.goForward();
	await page.locator('.ticket').waitFor();
	await close(page);
});

test('a question whose screen is gone is not asked any more', async () => {
	await stack.admin('PATCH', '/queues/paused', { paused: true });
	const page = await open(browser, stack, '/c/5');
	await page.locator('#member').fill('30');
	await button(page, 'Join the line').click();
	await heading(page, 'You are in line');
	await button(page, 'Leave the line').click();
	await page.locator('dialog').waitFor();
	await stack.admin('PATCH', '/queues/paused', { paused: false });
	await heading(page, 'Choose a date');
	await page.locator('dialog').waitFor({ state: 'detached' });
	assert.equal(await focused(page), 'H1');
	await close(page);
});

// --- seats that come and go -----------------------------------------------------------------

test('a date without a free seat shows the one that comes back', async () => {
	const { token } = await stack.enter(22, 'other');
	const page = await open(browser, stack, '/c/3');
	await join(page, 23);
	const held = await stack.call('POST', '/v1/reservations', { scheduleId: 31, seatIds: [1, 2] }, token);
	await page.route('**/seats', (route) => route.continue());
	await page.locator('button.concert').click();
	await page.getByText('No seats left for this date.', { exact: false }).waitFor();
	await stack.call('DELETE', `/v1/reservations/${held.body.reservationId}`, undefined, token);
	await page.locator('canvas').waitFor();
	await close(page);
});

test('a map that grows stays where the person looks', async () => {
	const { token } = await stack.enter(24, 'other');
	const held = await stack.call('POST', '/v1/reservations', { scheduleId: 41, seatIds: [1, 2, 3, 4] }, token);
	const page = await open(browser, stack, '/c/4', { viewport: DESK });
	await join(page, 25);
	await page.locator('button.concert').click();
	await page.locator('canvas').waitFor();
	const map = await page.locator('canvas').boundingBox();
	const [x, y] = [map.x + map.width / 2 - 70, map.y + map.height / 2]; // a section, and not the way between two
	const choose = () => until('a seat chosen', async () => {
		await page.mouse.click(x, y);
		return await page.locator('.chip').count() === 1;
	});
	await page.mouse.move(x, y);
	for (let i = 0; i < 4; i++) await page.mouse.wheel(0, -600);
	await choose();
	const before_ = await page.locator('.chip').innerText();
	await page.locator('.chip').click();
	await stack.call('DELETE', `/v1/reservations/${held.body.reservationId}`, undefined, token);
	await page.waitForResponse((response) => response.url().endsWith('/seats') && response.status() === 200);
	await choose();
	assert.equal(await page.locator('.chip').innerText(), before_);
	await close(page);
});

test('two fingers come nearer, and pick nothing', async () => {
	const page = await open(browser, stack, '/c/4', { touch: true });
	await join(page, 26);
	await page.locator('button.concert').click();
	await page.locator('canvas').waitFor();
	const map = await page.locator('canvas').boundingBox();
	const [x, y] = [map.x + map.width / 2, map.y + map.height / 2];
	const wire = await page.context().newCDPSession(page);
	const touch = (type, far) => wire.send('Input.dispatchTouchEvent',
		{ type, touchPoints: far ? [{ x: x - far, y, id: 1 }, { x: x + far, y, id: 2 }] : [] });
	const picture = () => page.locator('canvas').evaluate((canvas) => canvas.toDataURL());
	const whole = await picture();
	await touch('touchStart', 20);
	for (let far = 30; far <= 160; far += 10) await touch('touchMove', far);
	await touch('touchEnd');
	await until('another picture', async () => await picture() !== whole);
	assert.equal(await page.locator('.chip').count(), 0);
	await shot(page, 'pinched');
	await close(page);
});

// --- without a mouse ------------------------------------------------------------------------

const focused = (page) => page.evaluate(() => document.activeElement.tagName + (document.activeElement.className && `.${document.activeElement.className.split(' ')[0]}`));

test('the focus is never lost: after a chip, after a refusal, after news in the list', async () => {
	const page = await open(browser, stack, '/c/1');
	const { token } = await stack.enter(27);
	await toSeats(page, 28);
	await seat(page, 81).click();
	await page.locator('.chip').focus();
	await page.keyboard.press('Enter');
	assert.equal(await focused(page), 'H1');
	await seat(page, 82).click();
	await seat(page, 83).click();
	await stack.call('POST', '/v1/reservations', { scheduleId: 11, seatIds: [82] }, token);
	await page.locator('.basket .primary').focus();
	await page.keyboard.press('Enter');
	await page.getByText('Somebody was faster', { exact: false }).waitFor();
	assert.equal(await focused(page), 'BUTTON.primary');
	await page.locator('summary').last().focus();
	await stack.call('POST', '/v1/reservations', { scheduleId: 11, seatIds: [84] }, token);
	await until('the seat taken', async () => await seat(page, 84).isDisabled());
	assert.equal(await focused(page), 'SUMMARY');
	await seat(page, 85).focus();
	await stack.call('POST', '/v1/reservations', { scheduleId: 11, seatIds: [85] }, token);
	await until('the seat taken', async () => await seat(page, 85).isDisabled());
	assert.equal(await focused(page), 'SUMMARY');
	await close(page);
});

test('a narrow screen, and letters twice as large, need no scrolling to the side', async () => {
	const page = await open(browser, stack, '/c/1', { viewport: { width: 320, height: 640 } });
	const fits = async (where) => {
		const wide = await page.evaluate(() => document.documentElement.scrollWidth);
		assert.ok(wide <= 320, `${where}: ${wide} px`);
		await shot(page, `narrow-${where}`);
	};
	await fits('enter');
	await join(page, 104);
	await fits('dates');
	await toList(page);
	for (const id of [91, 92, 93, 94]) await seat(page, id).click();
	await fits('list');
	await button(page, 'Map').click();
	await fits('map');
	await accessible(page);
	await hold(page);
	await page.locator('#charge').waitFor();
	await fits('pay');
	await page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
	await fits('pay-large');
	await close(page);
});

// --- the texts ------------------------------------------------------------------------------

test('every text is used, and every text that is used is there', async () => {
	const { en } = await scriptOf('texts-buyer.js');
	const web = new URL('../../src/web/', import.meta.url);
	const scripts = readdirSync(web).filter((name) => /^(?!admin|texts).*\.js$/.test(name)).map((name) => readFileSync(new URL(name, web), 'utf8'));
	const words = new Set(scripts.join('\n').match(/'[a-z][\w.]*'/gi).map((word) => word.slice(1, -1)));
	const shown = ['offline', 'busy']; // by patience.js, under the name of the trouble
	assert.deepEqual(Object.keys(en).filter((key) => !words.has(key) && !shown.includes(key)), []);
	const asked = scripts.join('\n').match(/\bt\('[\w.]+'/g).map((call) => call.slice(3, -1));
	assert.deepEqual(asked.filter((key) => !(key in en)), []);
});
