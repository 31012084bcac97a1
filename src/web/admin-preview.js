// What an import would change, as the daemon lists it.

import { h } from './dom.js';
import { dateTime, money, number, t } from './words.js';

const MONEY = new Set(['balance', 'price']);
const TIMES = new Set(['opensAt', 'startsAt']);
const HOW = { added: 'open', changed: 'scheduled', removed: 'broken' };

function value(field, what) {
	if (what === null) return t('settings.none');
	if (typeof what === 'boolean') return t(what ? 'yes' : 'no');
	if (MONEY.has(field)) return money(what);
	if (TIMES.has(field)) return dateTime(what, { dateStyle: 'medium', timeStyle: 'short' });
	return typeof what === 'number' ? number(what) : what;
}

function fieldLine({ field, from, to }, added) {
	return h('li', {}, h('span', { class: 'soft' }, t(`field.${field}`)), ' ',
		!added && [h('del', {}, value(field, from)), ' → '], h('ins', {}, value(field, to)));
}

function badge(how, more = '') {
	return h('span', { class: 'badge', 'data-state': HOW[how] }, t(`how.${how}`), more);
}

/** What an entry is about: a line of ours, and a name of the catalogue's. */
const SUBJECTS = {
	queues: ({ name }) => ['', name],
	users: ({ id, lastId, name }) => [lastId ? t('preview.users', { id, last: lastId }) : t('preview.user', { id }), name],
	concerts: ({ id, name }) => [t('preview.concert', { id }), name],
	schedules: ({ id, name }) => [t('preview.schedule', { id }), name],
	seats: ({ id, name }) => [name === null ? t('preview.seats', { id }) : t('preview.section', { id, name }), null],
};

function entry(kind, change) {
	const [about, name] = SUBJECTS[kind](change);
	return h('tr', {},
		h('td', {}, badge(change.change)),
		h('td', { class: 'n' }, number(change.count)),
		h('th', { scope: 'row' }, name && h('span', {}, name, ' '), h('span', { class: name ? 'soft small light' : '' }, about)),
		h('td', {}, h('ul', { class: 'fields' }, change.fields.map((one) => fieldLine(one, change.change === 'added')))));
}

function left(list) {
	return list.added + list.changed + list.removed - list.listed.reduce((sum, one) => sum + one.count, 0);
}

function kindCard(kind, list) {
	const more = left(list);
	const heads = [['how', ''], ['count', 'n'], ['what', ''], ['fields', '']];
	return h('div', { class: 'card kind' },
		h('div', { class: 'line' },
			h('h3', { id: `kind-${kind}` }, t(`kind.${kind}`)),
			Object.keys(HOW).filter((how) => list[how]).map((how) => badge(how, ` ${number(list[how])}`))),
		h('div', { class: 'scroll', tabindex: 0, role: 'region', 'aria-labelledby': `kind-${kind}` },
			h('table', { class: 'preview' },
				h('thead', {}, h('tr', {}, heads.map(([head, type]) => h('th', { scope: 'col', class: type }, t(`preview.${head}`))))),
				h('tbody', {}, list.listed.map((change) => entry(kind, change))))),
		more > 0 && h('p', { class: 'soft' }, t('catalog.more', { n: number(more) })));
}

/**
 * @param {Object} changes of a dry run's answer
 * @return {HTMLElement}
 */
export function previewOf(changes) {
	const kinds = Object.keys(SUBJECTS).filter((kind) => changes[kind].listed.length);
	return h('div', { class: 'stack' }, kinds.map((kind) => kindCard(kind, changes[kind])));
}

/** The totals in one line, "queues: 1, seats: 50"; empty when nothing has changed. */
export function changesSaid(changed) {
	return Object.entries(changed).filter(([, n]) => n > 0).map(([kind, n]) => t(`count.${kind}`, { n: number(n) })).join(', ');
}
