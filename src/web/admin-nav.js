// The list of queues and of the other screens.

import { serverNow } from './api.js';
import { fill, h, setText } from './dom.js';
import { clock, dateTime, number, t } from './words.js';

const FAR_MS = 48 * 3600 * 1000; // doors farther off are told by their day

/**
 * What a queue is doing.
 * @param {Object} queue as the daemon tells it
 * @return {{name: string, text: string}} name: open, paused, scheduled
 */
export function stateOf(queue) {
	const left = queue.opensAt ? Date.parse(queue.opensAt) - serverNow() : 0;
	if (left > FAR_MS) return { name: 'scheduled', text: t('state.far', { time: dateTime(queue.opensAt, { dateStyle: 'medium' }) }) };
	if (left > 0) return { name: 'scheduled', text: t('state.scheduled', { time: clock(left) }) };
	const name = queue.paused ? 'paused' : 'open';
	return { name, text: t(`state.${name}`) };
}

/** The badge of a state, to be kept current by badgeShow(). */
export function badge() {
	return h('span', { class: 'badge' });
}

export function badgeShow(element, queue) {
	const { name, text } = stateOf(queue);
	if (element.dataset.state !== name) element.dataset.state = name;
	setText(element, text);
}

function queueItem(name, current) {
	const state = badge();
	const figures = h('span', { class: 'soft small figures' });
	const element = h('li', {}, h('a', { href: `#/queue/${encodeURIComponent(name)}`, 'aria-current': current ? 'page' : null },
		h('span', { class: 'line' }, h('span', { class: 'queue-name' }, name), state), figures));
	const update = (queue) => {
		badgeShow(state, queue);
		setText(figures, `${t('queue.waiting')} ${number(queue.waiting)} · ${t('queue.inside')} ${number(queue.inside)}`);
	};
	return { name, element, update };
}

/**
 * @param {{kind: string, name: string}} at the screen that is on
 * @return {{element: HTMLElement, update: function(Live)}}
 */
export function navigation(at) {
	const list = h('ul', {});
	const link = (kind) => h('li', {},
		h('a', { href: `#/${kind}`, 'aria-current': at.kind === kind ? 'page' : null }, t(`nav.${kind}`)));
	let items = [];
	const update = (live) => {
		const queues = live.queues ?? [];
		if (queues.map((q) => q.queue).join(' ') !== items.map((item) => item.name).join(' ')) {
			items = queues.map((q) => queueItem(q.queue, at.kind === 'queue' && at.name === q.queue));
			fill(list, items.map((item) => item.element));
		}
		items.forEach((item, i) => item.update(queues[i]));
	};
	return {
		element: h('nav', { 'aria-label': t('nav.screens') },
			h('h2', { id: 'nav-queues' }, t('nav.queues')), list,
			h('h2', {}, t('nav.sale')), h('ul', {}, link('catalog'), link('audit'))),
		update,
	};
}
