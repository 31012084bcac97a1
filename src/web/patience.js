// Asking again: a sale is the moment when answers are late. Who waits here waits politely, says so, and goes on by itself.

import { call, NoAnswer } from './api.js';

const FIRST_MS = 1000;
const MOST_MS = 15000;

/** What the person sees meanwhile. @callback Notice @param {"offline"|"busy"|null} trouble */

/**
 * Sends a request until it has an answer that is about the request. What is about the server, or a proxy before it, and a
 * cut line are tried again, after what Retry-After says or a growing pause, and at once when the device is
 * online again. So what is sent must be safe to send twice: a read, a DELETE, or a POST with a key.
 * @param {Notice} notice
 * @param {function(): boolean} wanted whether the answer still is; asked before each try
 * @return {Promise<Object>} as call() gives it, or null when it is no longer wanted
 */
export async function patiently(notice, wanted, method, path, more) {
	for (let pause = FIRST_MS; wanted(); pause = Math.min(pause * 2, MOST_MS)) {
		const answer = await attempt(method, path, more);
		if (answer && !isLater(answer)) {
			notice(null);
			return answer;
		}
		notice(answer ? 'busy' : 'offline');
		await restOrOnline(Math.max(answer?.retryMs ?? 0, pause * (0.75 + Math.random() / 2)), answer === null);
	}
	return null;
}

/** Whether an answer is about the server's state and not about the request, or not the daemon's at all: that is JSON. */
function isLater({ status, code, body }) {
	const foreign = body === null && ![204, 302, 304].includes(status);
	return foreign || status >= 500 || status === 408 || status === 429 || code === 'IN_PROGRESS';
}

async function attempt(method, path, more) {
	try {
		return await call(method, path, more);
	} catch (error) {
		if (error instanceof NoAnswer) return null;
		throw error;
	}
}

function restOrOnline(ms, mayHurry) {
	return new Promise((resolve) => {
		const over = () => {
			clearTimeout(timer);
			removeEventListener('online', over);
			resolve();
		};
		const timer = setTimeout(over, ms);
		if (mayHurry) addEventListener('online', over);
	});
}
