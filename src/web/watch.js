// Where the place in line stands: asked as often as the server says, never more often.

import { serverNow } from './api.js';
import { placeChange } from './device.js';

const HIDDEN_LEAST_MS = 1000;

/**
 * Asks for the position until stopped.
 * @param {function(): Promise<?Object>} ask gives the answer of GET /v1/queue/position when it is a 200, or null when
 *   watching is over
 * @param {function(Object)} told called with each standing
 * @param {?Object} first the standing there is already, if there is one
 * @return {{stop: function()}}
 */
export function watchStart(ask, told, first) {
	let timer = 0;
	let due = 0;
	let stopped = false;

	async function look() {
		clearTimeout(timer);
		due = Infinity; // one question at a time
		const standing = await ask();
		if (!stopped && standing) take(standing);
	}

	function take(standing) {
		due = Date.now() + standing.pollAfterMs;
		timer = setTimeout(look, standing.pollAfterMs);
		told(standing);
	}

	// A device that slept, and a hidden tab whose timers the browser held back, are late: then ask now.
	function wake() {
		if (!stopped && document.visibilityState === 'visible' && Date.now() - due > HIDDEN_LEAST_MS) look();
	}

	document.addEventListener('visibilitychange', wake);
	addEventListener('pageshow', wake);
	if (first) take(first);
	else look();
	return {
		stop() {
			stopped = true;
			clearTimeout(timer);
			document.removeEventListener('visibilitychange', wake);
			removeEventListener('pageshow', wake);
		},
	};
}

/** Notes on the place what a standing says: how far the bar has come only ever grows. */
export function standingNote(place, standing) {
	if (standing.status === 'ACTIVE') {
		if (!place.inside) placeChange(place, { inside: true });
	} else if (standing.position) {
		const first = Math.max(place.first ?? 0, standing.position);
		const done = Math.max(place.done ?? 0, 1 - (standing.position - 1) / first);
		if (first !== place.first || done !== place.done) placeChange(place, { first, done });
	}
}

/** Calls `draw` with the ms left until `time` (Unix ms of the server's clock), twice a second; gives what ends it. */
export function countdown(time, draw) {
	const tick = () => draw(time - serverNow());
	const timer = setInterval(tick, 500);
	tick();
	return () => clearInterval(timer);
}
