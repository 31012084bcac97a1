// The language of the page, its texts, and how money and times are written in it.

import { deviceRead, deviceWrite } from './device.js';

const LANGUAGES = { en: 'English', ko: '한국어' };
const KEPT = 'usher.language';
const BRAND_AGAIN_MS = 2000;
const DAY_AND_HOUR = { weekday: 'short', year: 'numeric', month: 'short', day: 'numeric', hour: 'numeric', minute: '2-digit' };

let language = 'en';
let texts = {};
let brand = {};

/**
 * Reads the brand file and chooses the language: the one picked here before, otherwise the one the server wrote the
 * page in, by Accept-Language.
 * @param {{en: Object<string, string>, ko: Object<string, string>}} own the page's texts by key
 * @return {Promise<Object>} the brand
 */
export async function wordsLoad(own) {
	texts = own;
	languageUse(kept() ?? document.documentElement.lang);
	brand = await brandRead();
	zoneCheck();
	for (const [name, value] of Object.entries(brand.colors ?? {}))
		document.documentElement.style.setProperty(`--${name}`, value);
	return brand;
}

/** However long it takes: a page without it would name prices in another currency. */
async function brandRead() {
	for (;;) {
		const answer = await fetch(new URL('./brand.json', import.meta.url)).catch(() => null);
		if (answer?.ok) return answer.json();
		await new Promise((next) => setTimeout(next, BRAND_AGAIN_MS));
	}
}

/** A zone that this browser does not know is no reason to show nothing: then times are in UTC, and say so. */
function zoneCheck() {
	try {
		new Intl.DateTimeFormat('en', { timeZone: brand.timeZone });
	} catch {
		brand.timeZone = 'UTC';
		DAY_AND_HOUR.timeZoneName = 'short';
	}
}

function kept() {
	const code = deviceRead(KEPT);
	return code in LANGUAGES ? code : null;
}

function languageUse(code) {
	language = code in LANGUAGES ? code : 'en';
	document.documentElement.lang = language;
}

/** @return {string[][]} [code, name in itself] of each language there is */
export function languages() {
	return Object.entries(LANGUAGES);
}

/** @return {string} "en" or "ko" */
export function languageNow() {
	return language;
}

/** Switches the language, and keeps the choice on the device. What is on the screen has to be drawn again. */
export function languageSet(code) {
	deviceWrite(KEPT, code);
	languageUse(code);
}

/**
 * A text in the page's language, the brand's before the page's own.
 * @param {string} key
 * @param {Object<string, string|number>} [values] what {name} in the text stands for
 */
export function t(key, values = {}) {
	const text = brand.texts?.[language]?.[key] ?? texts[language][key] ?? key;
	return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** The brand's title. */
export function title() {
	return typeof brand.title === 'object' ? brand.title[language] ?? 'Usher' : brand.title ?? 'Usher';
}

/** A whole number with the language's separators. */
export function number(n) {
	return new Intl.NumberFormat(language).format(n);
}

const moneyFormat = () => new Intl.NumberFormat(language, { style: 'currency', currency: brand.currency ?? 'KRW' });
const digitsOf = (format) => format.resolvedOptions().maximumFractionDigits;

/** An amount in the currency's minor unit, written with its sign. */
export function money(amount) {
	const format = moneyFormat();
	return format.format(amount / 10 ** digitsOf(format));
}

/** The same as a person would type it: 50000 of KRW is "50000", of USD "500.00". */
export function moneyPlain(amount) {
	const digits = digitsOf(moneyFormat());
	return (amount / 10 ** digits).toFixed(digits);
}

/** What a person has typed, in the minor unit; NaN if it is no amount. */
export function moneyRead(text) {
	const digits = digitsOf(moneyFormat());
	const [, whole, part = ''] = /^(\d+)(?:\.(\d+))?$/.exec(text.replaceAll(digits ? /[\s,]/g : /[\s,.]/g, '')) ?? [];
	return part.length <= digits ? Number(whole + part.padEnd(digits, '0')) : NaN;
}

/** Day and hour of an RFC 3339 time, where the venue is. */
export function dateTime(time, options = DAY_AND_HOUR) {
	return new Intl.DateTimeFormat(language, { ...options, timeZone: brand.timeZone }).format(new Date(time));
}

/** How long something takes, roughly: "about 3 min". */
export function roughly(seconds) {
	if (seconds < 60) return t('duration.seconds', { n: number(Math.max(1, Math.round(seconds))) });
	if (seconds < 5400) return t('duration.minutes', { n: number(Math.round(seconds / 60)) });
	return t('duration.hours', { n: number(Math.round(seconds / 360) / 10) });
}

/** Time left on a clock: 4:05, 1:02:03. */
export function clock(ms) {
	const s = Math.max(0, Math.ceil(ms / 1000));
	const two = (n) => String(n).padStart(2, '0');
	const hours = Math.floor(s / 3600);
	const minutes = Math.floor(s / 60) % 60;
	return hours ? `${hours}:${two(minutes)}:${two(s % 60)}` : `${minutes}:${two(s % 60)}`;
}
