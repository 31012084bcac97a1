// Calls to the daemon, and the time it has.

let ahead = 0; // of the server's clock before ours, in ms

/** The server's time in ms since 1970, as near as its answers tell: the device's own clock may be wrong by hours. */
export function serverNow() {
	return Date.now() + ahead;
}

function clockLearn(date) {
	const told = date ? Date.parse(date) : NaN;
	// The header has whole seconds: the middle of one is the best guess, and less than a second off is no news.
	if (!Number.isNaN(told) && Math.abs(told + 500 - serverNow()) > 1000) ahead = told + 500 - Date.now();
}

/** No answer has come: the network is away, or the server. */
export class NoAnswer extends Error {}

const ANSWER_MS = 20000;

/**
 * One request. Any answer of the server is given back, whatever its status.
 * @param {string} method
 * @param {string} path
 * @param {{body?: (Object|string), bearer?: string, key?: string, etag?: string, ms?: number}} [more] `key` is the
 *   Idempotency-Key, `etag` what we have already
 * @return {Promise<{status: number, code: string, body: ?Object, etag: ?string, retryMs: number}>} status 302 for a
 *   token that has ended; `code` is the problem's, or empty
 * @throws {NoAnswer}
 */
export async function call(method, path, { body, bearer, key, etag, ms = ANSWER_MS } = {}) {
	const headers = { Accept: 'application/json' };
	if (body !== undefined) headers['Content-Type'] = 'application/json';
	if (bearer) headers.Authorization = `Bearer ${bearer}`;
	if (key) headers['Idempotency-Key'] = key;
	if (etag) headers['If-None-Match'] = etag;
	const response = await answerOf(path, {
		method,
		headers,
		body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body),
		redirect: 'manual',
		cache: 'no-store',
		credentials: 'omit',
		signal: AbortSignal.timeout(ms),
	});
	if (response.type === 'opaqueredirect') return redirected(path);
	clockLearn(response.headers.get('Date'));
	return readAnswer(response);
}

const UNFILTERED = '/v1/concerts'; // never redirected by the daemon

/**
 * A redirect is not shown where it leads. That of a wireless network's sign-in page says nothing of the token, and there
 * every other path is redirected as well.
 */
async function redirected(path) {
	if (path === UNFILTERED || (await call('GET', UNFILTERED)).status !== 200) throw new NoAnswer('redirected elsewhere');
	return { status: 302, code: 'TOKEN_EXPIRED', body: null, etag: null, retryMs: 0 };
}

async function answerOf(path, request) {
	try {
		return await fetch(path, request);
	} catch (error) {
		throw new NoAnswer(error.message);
	}
}

async function readAnswer(response) {
	const type = response.headers.get('Content-Type') ?? '';
	let body = null;
	try {
		if (type.includes('json')) body = await response.json();
	} catch (error) {
		throw new NoAnswer(error.message); // it was cut on the way
	}
	return {
		status: response.status,
		code: body?.code ?? '',
		body,
		etag: response.headers.get('ETag'),
		retryMs: 1000 * (Number(response.headers.get('Retry-After')) || 0),
	};
}

/** A key under which a request can be sent again without being done twice. */
export function newKey() {
	const bytes = crypto.getRandomValues(new Uint8Array(16));
	return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
