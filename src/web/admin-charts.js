// The charts of a queue's last half hour, and the same figures as a table.

import { chartMake } from './admin-chart.js';
import { fill, h, setText } from './dom.js';
import { dateTime, number, t } from './words.js';

const rate = (n) => number(Math.round(n * 10) / 10);
const seconds = (n) => `${number(n < 1 ? Math.round(n * 10000) / 10 : Math.round(n * 1000))} ms`;

// `server`: it is of the daemon that answers, not of the queue.
const CHARTS = [
	{ name: 'waiting', series: [['waiting', '--line-1']], format: number, area: true },
	{ name: 'inside', series: [['inside', '--line-2']], format: number, area: true, limit: 'capacity' },
	{ name: 'flow', series: [['admittedPerSecond', '--line-3'], ['noShowsPerSecond', '--line-4']], format: rate },
	{ name: 'seatsLeft', series: [['seatsLeft', '--line-1']], format: number, area: true },
	{ name: 'paymentsPerSecond', series: [['paymentsPerSecond', '--line-3']], format: rate, area: true },
	{ name: 'requestsPerSecond', series: [['requestsPerSecond', '--line-2']], format: rate, area: true, server: true },
	{ name: 'errorsPerSecond', series: [['errorsPerSecond', '--line-5']], format: rate, area: true, server: true },
	{ name: 'p99Seconds', series: [['p99Seconds', '--line-4']], format: seconds, area: true, server: true, least: 0.01 },
];
const CLOCK = { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' };
const COLUMNS = CHARTS.flatMap((chart) => chart.series.map(([column]) => ({ column, format: chart.format })));

/** What a series says in words: its latest value, and between what it was. */
function sentence(column, values, format, times, timeOf) {
	const known = values.filter((n) => n !== null);
	if (!known.length) return t('charts.nothing', { name: t(`chart.${column}`) });
	return t('charts.says', {
		name: t(`chart.${column}`), value: format(known.at(-1)), time: timeOf(times[0]),
		least: format(Math.min(...known)), most: format(Math.max(...known)),
	});
}

function legend([column, color]) {
	return [
		h('span', { class: 'dot', 'aria-hidden': 'true', style: { 'background-color': `var(${color})` } }),
		h('span', { class: 'soft small' }, t(`chart.${column}`)),
	];
}

function card(chart, timeOf) {
	const latest = chart.series.map(() => h('strong', { class: 'figures' }));
	const canvas = h('canvas', { role: 'img', 'aria-label': t(`chart.${chart.name}`) });
	const keys = chart.series.map((series, i) => h('span', { class: 'key' }, chart.series.length > 1 && legend(series), latest[i]));
	const element = h('section', { class: 'card chart' },
		h('div', { class: 'line' },
			h('h3', {}, t(`chart.${chart.name}`)), chart.server && h('span', { class: 'soft small' }, t('charts.ofServer')),
			h('span', { class: 'keys' }, keys)),
		h('div', { class: 'canvas' }, canvas));
	const labels = [...chart.series.map(([column]) => t(`chart.${column}`)), chart.limit ? t(`settings.${chart.limit}`) : ''];
	const drawn = chartMake(canvas, { ...chart, labels, timeOf });
	const update = (queue, history) => {
		chart.series.forEach(([column], i) => {
			const value = history[column].at(-1) ?? null;
			setText(latest[i], value === null ? '–' : chart.format(value));
		});
		const said = chart.series.map(([column]) => sentence(column, history[column], chart.format, history.times, timeOf));
		canvas.setAttribute('aria-label', said.join('; '));
		drawn.update(history, chart.limit ? queue[chart.limit] : null);
	};
	return { element, update, close: drawn.close };
}

/** A row a minute, the latest first. */
function table(timeOf) {
	const body = h('tbody', {});
	const details = h('details', { class: 'card' },
		h('summary', {}, t('charts.table')),
		h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': t('charts.table') },
			h('table', {},
				h('thead', {}, h('tr', {}, h('th', { scope: 'col' }, t('charts.time')),
					COLUMNS.map(({ column }) => h('th', { scope: 'col', class: 'n' }, t(`chart.${column}`))))),
				body)));
	const row = (history, i) => h('tr', {},
		h('th', { scope: 'row' }, timeOf(history.times[i])),
		COLUMNS.map(({ column, format }) => h('td', { class: 'n' }, history[column][i] === null ? '–' : format(history[column][i]))));
	let last = null;
	const draw = () => {
		if (!details.open || !last) return;
		const step = Math.round(60 / last.intervalSeconds);
		const rows = [];
		for (let i = last.times.length - 1; i >= 0; i -= step) rows.push(row(last, i));
		fill(body, rows);
	};
	details.addEventListener('toggle', draw);
	return { element: details, update: (history) => { last = history; draw(); } };
}

/**
 * @param {string} zone the time zone the clock under the charts is in
 * @return {{element: HTMLElement, update: function(Object, ?Object), close: function()}}
 */
export function chartsPanel(zone) {
	const timeOf = (time) => dateTime(time, { ...CLOCK, timeZone: zone });
	const cards = CHARTS.map((chart) => card(chart, timeOf));
	const figures = table(timeOf);
	let shown = null;
	const update = (queue, history) => {
		if (!history || history === shown) return;
		shown = history;
		cards.forEach((one) => one.update(queue, history));
		figures.update(history);
	};
	return {
		element: h('section', { class: 'charts', 'aria-labelledby': 'charts-title' },
			h('h2', { id: 'charts-title' }, t('charts.title')),
			h('div', { class: 'grid' }, cards.map((one) => one.element)), figures.element),
		update,
		close: () => cards.forEach((one) => one.close()),
	};
}
