// One queue: its figures, the charts, the settings, and the switch that pauses it.

import { chartsPanel } from './admin-charts.js';
import { badge, badgeShow, stateOf } from './admin-nav.js';
import { admin, queuePath } from './admin-session.js';
import { settingsPanel } from './admin-settings.js';
import { ask, fill, h, say, setText } from './dom.js';
import { number, roughly, t } from './words.js';

const TICK_MS = 1000;

function tile(name, withBar) {
	const value = h('span', { class: 'value figures' });
	const of = h('span', { class: 'of soft figures' });
	const bar = withBar ? h('span', {}) : null;
	const about = h('span', { class: 'soft small' });
	const element = h('div', { class: 'card tile' },
		h('dt', {}, t(name)),
		h('dd', {}, h('span', { class: 'line' }, value, of), bar && h('span', { class: 'bar', 'aria-hidden': 'true' }, bar), about));
	const show = ({ now, most = null, said = '', share = 0 }) => {
		setText(value, now);
		setText(of, most ?? '');
		setText(about, said);
		bar?.style.setProperty('width', `${Math.max(0, Math.min(100, share * 100))}%`);
	};
	return { element, show };
}

/** The mean of the last measured minute, or null. */
function admittedLately(history) {
	const known = history?.admittedPerSecond.slice(-12).filter((n) => n !== null) ?? [];
	return known.length ? known.reduce((sum, n) => sum + n, 0) / known.length : null;
}

function waitSaid(queue, rate) {
	if (!queue.waiting) return t('queue.noLine');
	if (!rate || stateOf(queue).name !== 'open') return t('queue.unknown');
	return t('queue.lastIn', { time: roughly(queue.waiting / rate) });
}

function tilesMake() {
	const tiles = {
		waiting: tile('queue.waiting'), inside: tile('queue.inside', true), admitted: tile('queue.admitted'),
		seats: tile('queue.seats', true), paid: tile('queue.paid'),
	};
	const update = (queue, history) => {
		const last = history?.admittedPerSecond.at(-1) ?? null;
		tiles.waiting.show({ now: number(queue.waiting), said: waitSaid(queue, admittedLately(history)) });
		tiles.inside.show({
			now: number(queue.inside), most: t('queue.ofCapacity', { n: number(queue.capacity) }),
			share: queue.inside / queue.capacity, said: t('queue.unclaimed', { n: number(queue.unclaimed) }),
		});
		tiles.admitted.show({
			now: last === null ? '–' : number(Math.round(last * 10) / 10), said: t('queue.limit', { n: number(queue.ratePerSecond) }),
		});
		tiles.seats.show({
			now: number(queue.seatsLeft), most: t('queue.ofSeats', { n: number(queue.seatsTotal) }),
			share: queue.seatsTotal ? queue.seatsLeft / queue.seatsTotal : 0,
			said: queue.seatsLeft || !queue.seatsTotal ? '' : t('queue.soldOut'),
		});
		tiles.paid.show({
			now: number(queue.paid),
			said: t('queue.totals', { entered: number(queue.entered), left: number(queue.left), noShows: number(queue.noShows) }),
		});
	};
	return { element: h('dl', { class: 'tiles' }, Object.values(tiles).map((one) => one.element)), update };
}

/** The button that pauses and resumes, and asks before it does. */
function pauseSwitch(name, live, tell) {
	const button = h('button', { type: 'button' });
	const click = async () => {
		const queue = live.queue(name);
		const verb = queue.paused ? 'resume' : 'pause';
		const sure = await ask({
			title: t(`${verb}.title`, { queue: name }),
			body: [t(`${verb}.what`, {
				inside: number(queue.inside), waiting: number(queue.waiting),
				capacity: number(queue.capacity), rate: number(queue.ratePerSecond),
			})],
			yes: t(`${verb}.do`), no: t('cancel'), danger: verb === 'pause',
		});
		button.focus();
		if (sure) tell(await change(verb));
	};
	const change = async (verb) => {
		button.disabled = true;
		try {
			const answer = await admin('PATCH', queuePath(name), { body: { paused: verb === 'pause' } });
			if (answer.status !== 200) return { good: false, text: answer.body?.detail ?? String(answer.status) };
			live.take(answer.body);
			return { good: true, text: t(`${verb}.done`, { queue: name }) };
		} catch {
			return { good: false, text: t('signin.away') };
		} finally {
			button.disabled = false;
			button.focus();
		}
	};
	button.addEventListener('click', click);
	return { element: button, update: (queue) => setText(button, t(queue.paused ? 'resume.do' : 'pause.do')) };
}

/**
 * @param {string} name the queue's; empty while none is known
 * @param {{live: Live, zone: string}} parts
 * @return {{element: HTMLElement, title: string, name: string, update: function(), close: function()}}
 */
export function queueScreen(name, { live, zone }) {
	const state = badge();
	const told = h('div', {});
	const tell = ({ good, text }) => {
		fill(told, h('p', { class: `note ${good ? 'good' : 'bad'}` }, text));
		say(text);
	};
	const missing = h('p', { class: 'note' });
	const pause = pauseSwitch(name, live, tell);
	const tiles = tilesMake();
	const charts = chartsPanel(zone);
	const settings = settingsPanel(name, { live, zone, tell });
	const body = h('div', { class: 'queue', hidden: true },
		tiles.element, h('div', { class: 'columns' }, charts.element, settings.element));
	const buttons = h('div', { class: 'buttons', hidden: true }, pause.element);
	const element = h('main', {},
		h('div', { class: 'title' }, h('h1', { tabindex: -1 }, name || t('nav.queues')), state, buttons), told, missing, body);

	const update = () => {
		const queue = live.queue(name);
		body.hidden = buttons.hidden = state.hidden = !queue;
		missing.hidden = Boolean(queue);
		if (!queue) {
			setText(missing, !live.queues ? t('queue.loading') : name ? t('queue.gone', { queue: name }) : t('queue.none'));
			return;
		}
		body.classList.toggle('stale', Boolean(live.trouble));
		badgeShow(state, queue);
		pause.update(queue);
		tiles.update(queue, live.history);
		charts.update(queue, live.history);
		settings.update(queue);
	};
	const timer = setInterval(() => live.queue(name) && badgeShow(state, live.queue(name)), TICK_MS);
	return { element, title: name || t('nav.queues'), name, update, close: () => { clearInterval(timer); charts.close(); } };
}
