// A real Chromium on the pages of a stack. What a page must never do fails the test that opened it: a request to
// another host, an error on the console, a script or style the Content-Security-Policy had to stop.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { chromium } from 'playwright-core';

const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
	'--disable-component-update', '--disable-sync'];
const SHOTS = resolve(process.env.USHER_SHOTS ?? join(process.env.USHER_BUILD ?? 'build/check', 'pages'));
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export const PHONE = { width: 390, height: 844 };
export const DESK = { width: 1280, height: 860 };

/** Starts Chromium. The caller closes it. */
export function browserStart() {
	return chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: FLAGS });
}

/** What a page did that none may do. */
function watch(page, stack, faults) {
	page.on('request', (request) => {
		const url = request.url();
		if (!url.startsWith(`${stack.url}/`) && !/^(data|blob|about):/.test(url)) faults.push(`a request to ${url}`);
	});
	page.on('pageerror', (error) => faults.push(`an error: ${error.stack}`));
	page.on('console', (message) => {
		// That a request was refused the browser says by itself.
		if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) faults.push(`on the console: ${message.text()}`);
	});
	return page.addInitScript(() => {
		document.addEventListener('securitypolicyviolation', (event) => console.error(`stopped by the policy: ${event.violatedDirective} ${event.blockedURI}`));
	});
}

/**
 * Opens a page of its own, as on a device of its own.
 * @param {Browser} browser
 * @param {Stack} stack
 * @param {string} path
 * @param {{locale?: string, colorScheme?: string, viewport?: Object, touch?: boolean, storage?: Object}} [device]
 *   `storage`: what an earlier page left on the device, by page.context().storageState()
 * @return {Promise<Page>} with `faults`, which closing() looks at
 */
export async function open(browser, stack, path, { locale = 'en-GB', colorScheme = 'light', viewport = PHONE, touch = false, storage } = {}) {
	const context = await browser.newContext({
		locale, colorScheme, viewport, hasTouch: touch, storageState: storage, deviceScaleFactor: viewport === PHONE ? 2 : 1,
		baseURL: stack.url, reducedMotion: 'reduce',
	});
	const page = await context.newPage();
	page.faults = [];
	page.setDefaultTimeout(20000);
	await watch(page, stack, page.faults);
	await page.goto(path);
	return page;
}

/** Closes a page, and fails if it did what no page may do. */
export async function close(...pages) {
	for (const page of pages) {
		const cookies = await page.context().cookies();
		await page.context().close();
		assert.deepEqual(page.faults, []);
		assert.deepEqual(cookies, []);
	}
}

/** Fails on anything axe-core has to say about the page as it is now. */
export async function accessible(page) {
	// By the debugger's way in, so that the policy of the page stays as it is.
	await page.evaluate(`${axe}; undefined`);
	const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
	assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target} ${n.failureSummary}`).join('; ')}`), []);
}

/** What a script of the pages exports. It is no module of Node's own, so its text is what is loaded. */
export function scriptOf(name) {
	const text = readFileSync(new URL(`../../src/web/${name}`, import.meta.url), 'utf8');
	return import(`data:text/javascript,${encodeURIComponent(text)}`);
}

/** Leaves a picture of what is on the screen. */
export async function shot(page, name) {
	mkdirSync(SHOTS, { recursive: true });
	await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}
