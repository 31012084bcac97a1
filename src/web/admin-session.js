// The admin key: for this tab only, in no URL, and gone as soon as the daemon does not take it.

import { call } from './api.js';

const KEPT = 'usher.adminKey';

let refused = () => {};

/** Whether somebody is signed in. */
export function signedIn() {
	return sessionStorage.getItem(KEPT) !== null;
}

export function signOut() {
	sessionStorage.removeItem(KEPT);
}

/** What is called when the daemon takes the key no longer. */
export function onRefused(listener) {
	refused = listener;
}

/** Whether a text can be a key at all: what no header can carry is none. */
function sendable(key) {
	return /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(key);
}

/**
 * Tries a key, and keeps it if it is the right one.
 * @return {Promise<number>} the status of the daemon's answer: 200, 401, 503
 * @throws {NoAnswer}
 */
export async function signIn(key) {
	if (!sendable(key)) return 401;
	const { status } = await call('GET', '/admin/v1/queues', { bearer: key });
	if (status === 200) sessionStorage.setItem(KEPT, key);
	return status;
}

/**
 * A request of the signed-in operator. A key that is refused signs out.
 * @param {string} method
 * @param {string} path behind /admin/v1
 * @param {{body?: (Object|string), ms?: number}} [more]
 * @return {Promise<Object>} as call() gives it
 * @throws {NoAnswer}
 */
export async function admin(method, path, more = {}) {
	const key = sessionStorage.getItem(KEPT);
	const answer = await call(method, `/admin/v1${path}`, { ...more, bearer: key });
	if (answer.status === 401 && sessionStorage.getItem(KEPT) === key) {
		signOut();
		refused();
	}
	return answer;
}

/** The path of a queue. */
export function queuePath(queue) {
	return `/queues/${encodeURIComponent(queue)}`;
}
