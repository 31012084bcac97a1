// The line: before the doors the draw with its countdown, after that the position.

import { placeChange } from './device.js';
import { fill, h, setText } from './dom.js';
import { leaveButton } from './session.js';
import { countdown } from './watch.js';
import { clock, dateTime, number, roughly, t } from './words.js';

const QUEUE_EACH_MS = 10000; // the queue itself is asked about at most this often

function aheadText(n) {
	if (n === 0) return t('line.ahead.none');
	return n === 1 ? t('line.ahead.one') : t('line.ahead', { n: number(n) });
}

/** The part that shows a position. Elements stay and their texts change, so that a screen reader hears what is new. */
function waitingPart(page) {
	const place = h('strong', { class: 'position figures' });
	const nearly = h('span', { class: 'soft' }, `${t('line.nearly')} `);
	const ahead = h('p', { class: 'ahead' });
	const eta = h('p', { class: 'soft' });
	const seats = h('p', { class: 'soft small figures' });
	const fillBar = h('div', { class: 'bar-fill' });
	const bar = h('div', { class: 'bar', role: 'progressbar', 'aria-label': t('line.progress'), 'aria-valuemin': 0, 'aria-valuemax': 100 }, fillBar);
	const sold = h('div', { class: 'note warn', hidden: true }, h('strong', {}, t('line.soldout.title')), h('p', {}, t('line.soldout.body')));
	return {
		node: h('div', { class: 'stack' }, sold,
			h('div', { class: 'place' }, h('span', { class: 'soft' }, t('line.position')), h('div', {}, nearly, place)),
			bar, h('div', { 'aria-live': 'polite' }, ahead), eta, seats),
		update(standing, queue) {
			const percent = Math.round(100 * (page.place.done ?? 0));
			setText(place, number(standing.position));
			nearly.hidden = standing.exact !== false;
			setText(ahead, aheadText(standing.position - 1));
			setText(eta, queue?.paused ? t('line.paused')
				: standing.etaSeconds === null ? t('line.eta.none') : t('line.eta', { time: roughly(standing.etaSeconds) }));
			setText(seats, standing.soldOut ? '' : t('line.seats', { n: number(standing.seatsLeft) }));
			sold.hidden = !standing.soldOut;
			fillBar.style.setProperty('inline-size', `${Math.max(2, percent)}%`);
			bar.setAttribute('aria-valuenow', percent);
			page.titleSet(`(${number(standing.position)}) ${page.concert.title}`);
		},
	};
}

/** The part before the doors. */
function drawPart() {
	const time = h('strong', { class: 'position figures', role: 'timer' });
	const label = h('span', { class: 'soft' }, t('draw.countdown'));
	const at = h('p', { class: 'soft' });
	let opensAt = null;
	let stop = () => {};
	const draw = (left) => {
		setText(label, left > 0 ? t('draw.countdown') : t('draw.opening'));
		time.hidden = left <= 0;
		setText(time, clock(left));
	};
	return {
		node: h('div', { class: 'stack' }, h('div', { class: 'place' }, label, time), at, h('p', {}, t('draw.body'))),
		stop: () => stop(),
		update(standing) {
			if (standing.opensAt === opensAt) return;
			opensAt = standing.opensAt;
			setText(at, dateTime(opensAt));
			stop();
			stop = countdown(Date.parse(opensAt), draw);
		},
	};
}

async function sha256(hex) {
	const bytes = new Uint8Array(hex.match(/../g).map((two) => parseInt(two, 16)));
	const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
	return Array.from(sum, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What proves the draw: the fingerprint noted before the doors, and from then on the number it belongs to. */
async function proofFill(node, page, queue) {
	const { place } = page;
	if (!queue.seed && place.commitment !== queue.commitment) placeChange(place, { commitment: queue.commitment });
	if (!place.commitment) return; // came when the doors were open: not in the draw
	// Only a page over TLS, or of this very machine, is given the function by the browser.
	const honest = !queue.seed || !globalThis.crypto?.subtle || await sha256(queue.seed) === place.commitment;
	const text = !queue.seed ? 'draw.proof.before' : honest ? 'draw.proof.after' : 'draw.proof.false';
	const showing = `${text} ${place.commitment} ${queue.seed}`;
	if (node.dataset.showing === showing) return; // who has the focus in it keeps it
	node.dataset.showing = showing;
	fill(node, h('summary', {}, t('draw.proof')), h('p', { class: honest ? '' : 'note bad' }, t(text)),
		h('dl', { class: 'proof' }, h('dt', {}, t('draw.commitment')), h('dd', {}, h('code', {}, place.commitment)),
			queue.seed && [h('dt', {}, t('draw.seed')), h('dd', {}, h('code', {}, queue.seed))]));
	node.hidden = false;
}

export function lineScreen(page, { queue = null, asked = 0 }) {
	const heading = h('h1', { tabindex: '-1' });
	const body = h('div');
	const proof = h('details', { class: 'small', hidden: true });
	let part = null;
	let kind = '';

	async function queueLook() {
		if (Date.now() - asked < QUEUE_EACH_MS) return;
		asked = Date.now();
		const answer = await page.askAll('GET', `/v1/queues/${page.concert.queue}`);
		if (answer.status !== 200 || page.shown?.screen !== screen || !page.place) return;
		queue = answer.body;
		if (page.standing) part?.update(page.standing, queue);
		proofFill(proof, page, queue);
	}

	const screen = {
		title: page.concert.title,
		keep: () => (queue ? { queue, asked } : {}),
		node: h('div', { class: 'stack rises' },
			h('section', { class: 'card stack' },
				h('p', { class: 'soft' }, page.concert.title), heading, body, proof),
			h('p', { class: 'note' }, t('line.leave.tab')),
			h('div', { class: 'buttons center' }, leaveButton(page, 'line'))),
		stop: () => part?.stop?.(),
		update(standing) {
			if (standing.status === 'ACTIVE') return;
			if (standing.status !== kind) {
				kind = standing.status;
				part?.stop?.();
				part = kind === 'SCHEDULED' ? drawPart() : waitingPart(page);
				setText(heading, kind === 'SCHEDULED' ? t('draw.title') : t('line.title'));
				fill(body, part.node);
			}
			part.update(standing, queue);
			if (kind === 'SCHEDULED' || page.place.commitment || standing.etaSeconds === null) queueLook();
		},
	};
	setText(heading, t('line.title'));
	fill(body, h('p', { class: 'soft' }, t('loading')));
	if (queue) proofFill(proof, page, queue);
	return screen;
}
