// One chart, drawn by Chart.js, in the colours of the page.

const { Chart } = globalThis;
const STEPS_MS = [60000, 120000, 300000, 600000];
const TICKS_MOST = 3;
const LEAST_MS = 120000; // what the time axis spans when there is little to show yet
const LINE = { borderWidth: 2, pointRadius: 0, pointHitRadius: 8, cubicInterpolationMode: 'monotone', spanGaps: false };
const dark = matchMedia('(prefers-color-scheme: dark)');

Chart.defaults.animation = false;
Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
Chart.defaults.font.size = 11;

function color(name) {
	return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/* The colours of lines are #rrggbb. */
function translucent(name) {
	return `${color(name)}26`;
}

/* Where samples are missing the line has a gap. */
function points(history, column) {
	const step = history.intervalSeconds * 1000;
	const list = [];
	history.times.forEach((time, i) => {
		const x = Date.parse(time);
		if (i && x - list.at(-1).x > 2.5 * step) list.push({ x: x - step, y: null });
		list.push({ x, y: history[column][i] });
	});
	return list;
}

/* Whole minutes, so that a label says when. */
function ticksSet(axis) {
	const step = STEPS_MS.find((ms) => (axis.max - axis.min) / ms <= TICKS_MOST) ?? STEPS_MS.at(-1);
	axis.ticks = [];
	for (let x = Math.ceil(axis.min / step) * step; x <= axis.max; x += step) axis.ticks.push({ value: x });
}

function options({ format, timeOf, least = 1 }) {
	const hour = (x) => timeOf(x).replace(/:00$/, '');
	return {
		responsive: true,
		maintainAspectRatio: false,
		parsing: false,
		normalized: true,
		interaction: { mode: 'index', intersect: false },
		plugins: {
			legend: { display: false },
			tooltip: {
				displayColors: false,
				filter: (item) => !item.dataset.borderDash, // the limit is no sample
				callbacks: { title: (items) => timeOf(items[0].parsed.x), label: (item) => `${item.dataset.label}: ${format(item.parsed.y)}` },
			},
		},
		scales: {
			x: { type: 'linear', grid: { display: false }, afterBuildTicks: ticksSet, ticks: { callback: hour, maxRotation: 0 } },
			y: { beginAtZero: true, suggestedMax: least, ticks: { callback: (y) => format(y), maxTicksLimit: 4 } },
		},
	};
}

function paint(chart, series, area) {
	const soft = color('--soft');
	series.forEach(([, name], i) => Object.assign(chart.data.datasets[i], {
		borderColor: color(name), backgroundColor: translucent(name), fill: Boolean(area),
	}));
	const limit = chart.data.datasets[series.length];
	if (limit) limit.borderColor = soft;
	for (const axis of Object.values(chart.options.scales)) {
		axis.ticks.color = soft;
		axis.grid.color = color('--rule');
		axis.grid.borderColor = color('--rule');
	}
	chart.update('none');
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {{series: string[][], labels: string[], format: function(number): string, timeOf: function(): string,
 *   area?: boolean, limit?: string, least?: number}} what `series`: [column of the history, CSS variable of its colour];
 *   `least`: what the axis of values reaches at least
 * @return {{update: function(Object, ?number), close: function()}}
 */
export function chartMake(canvas, { series, labels, format, timeOf, area, limit, least }) {
	const datasets = series.map((one, i) => ({ ...LINE, label: labels[i], data: [] }));
	if (limit) datasets.push({ ...LINE, label: labels.at(-1), data: [], borderWidth: 1, borderDash: [4, 4], fill: false });
	const chart = new Chart(canvas, { type: 'line', data: { datasets }, options: options({ format, timeOf, least }) });
	const repaint = () => paint(chart, series, area);
	dark.addEventListener('change', repaint);
	repaint();
	const update = (history, most) => {
		const last = Date.parse(history.times.at(-1) ?? 0);
		const first = Math.min(Date.parse(history.times[0] ?? 0), last - LEAST_MS);
		series.forEach(([column], i) => { chart.data.datasets[i].data = points(history, column); });
		if (limit) chart.data.datasets[series.length].data = [{ x: first, y: most }, { x: last, y: most }];
		Object.assign(chart.options.scales.x, { min: first, max: last });
		chart.update('none');
	};
	return { update, close: () => { dark.removeEventListener('change', repaint); chart.destroy(); } };
}
