// Times as a field of a form has them, "2026-12-24T19:00:00", in the time zone of the sale.

const PARTS = {
	year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
};

/** @return {string} the zone that is meant when none is named */
export function ownZone() {
	return Intl.DateTimeFormat().resolvedOptions().timeZone;
}

function wallClock(ms, zone) {
	const parts = new Intl.DateTimeFormat('en-CA', { ...PARTS, timeZone: zone }).formatToParts(new Date(ms));
	const part = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
	return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}`;
}

/**
 * @param {?string} time RFC 3339, or null
 * @param {string} zone
 * @return {string} the field's value; empty for null
 */
export function toField(time, zone) {
	return time ? wallClock(Date.parse(time), zone) : '';
}

/**
 * The other way round. In the hour that a zone has twice it is the first one, in the one it leaves out the next.
 * @param {string} value
 * @param {string} zone
 * @return {?string} RFC 3339; null for an empty field
 */
export function fromField(value, zone) {
	if (!value) return null;
	const wanted = Date.parse(`${value}Z`);
	if (Number.isNaN(wanted)) return null;
	const off = (ms) => Date.parse(`${wallClock(ms, zone)}Z`) - ms;
	const guess = wanted - off(wanted);
	return new Date(wanted - off(guess)).toISOString();
}
