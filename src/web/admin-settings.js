// The settings of a queue: a form that sends what was changed, and shows what was refused at its field.

import { admin, queuePath } from './admin-session.js';
import { fromField, toField } from './admin-time.js';
import { h, setText } from './dom.js';
import { dateTime, number, t } from './words.js';

const NUMBERS = [['capacity', 1000000], ['ratePerSecond', 100000], ['sessionSeconds', 86400], ['claimSeconds', 3600]];
const OPENS_AT = 'opensAt';

function field(name, input, zone) {
	const wrong = h('span', { class: 'wrong', id: `${name}-wrong` });
	const about = h('span', { class: 'soft small', id: `${name}-about` }, t(`settings.${name}.about`, { zone }));
	input.setAttribute('aria-describedby', `${name}-wrong ${name}-about`);
	input.id = `set-${name}`;
	const complain = (text) => {
		setText(wrong, text);
		input.setAttribute('aria-invalid', String(text !== ''));
	};
	const element = h('div', { class: 'field' }, h('label', { for: input.id }, t(`settings.${name}`)), input, about, wrong);
	return { name, input, element, complain, before: '' };
}

function numberField(name, most) {
	const one = field(name, h('input', { type: 'number', inputmode: 'numeric', min: 1, max: most, step: 1 }));
	return {
		...one,
		read: () => (one.input.value === '' ? null : Number(one.input.value)),
		write: (value) => String(value),
		wrong: () => t('wrong.range', { least: 1, most: number(most) }),
	};
}

function timeField(zone) {
	const one = field(OPENS_AT, h('input', { type: 'datetime-local', step: 1 }), zone);
	const known = { 'must be in the future': 'wrong.past', 'the doors are open already': 'wrong.opened' };
	return {
		...one,
		read: () => fromField(one.input.value, zone),
		write: (value) => toField(value, zone),
		wrong: (detail) => (known[detail] ? t(known[detail]) : t('wrong.time')),
	};
}

/** "capacity: must be …" taken apart. */
function refusal(detail = '') {
	const at = detail.indexOf(': ');
	return { name: detail.slice(0, Math.max(0, at)), text: at < 0 ? detail : detail.slice(at + 2) };
}

/* All fields, and which of them somebody has written in. */
function fieldsMake(zone) {
	const all = [...NUMBERS.map(([name, most]) => numberField(name, most)), timeField(zone)];
	const touched = (one) => one.input.value !== one.before || one.input.validity.badInput;
	return {
		all,
		changed: () => all.filter(touched),
		/* What nobody has touched follows what the daemon says; another operator may be at work. */
		follow: (settings) => {
			for (const one of all) {
				const value = one.write(settings[one.name]);
				if (!touched(one)) one.input.value = value;
				one.before = value;
			}
		},
		set: (settings) => {
			for (const one of all) one.input.value = one.before = one.write(settings[one.name]);
		},
		undo: () => {
			for (const one of all) one.input.value = one.before;
		},
		clear: () => all.forEach((one) => one.complain('')),
		/* Shows what was refused at its field. False: it is about none of them. */
		refuse: (detail) => {
			const { name, text } = refusal(detail);
			const one = all.find((each) => each.name === name);
			one?.complain(one.wrong(text));
			one?.input.focus();
			return Boolean(one);
		},
	};
}

/**
 * @param {string} queue
 * @param {{live: Live, zone: string, tell: function({good: boolean, text: string})}} parts
 * @return {{element: HTMLElement, update: function(Object)}}
 */
export function settingsPanel(queue, { live, zone, tell }) {
	const fields = fieldsMake(zone);
	const told = h('p', { class: 'small', 'aria-live': 'polite' });
	const save = h('button', { class: 'primary', type: 'submit' }, t('settings.save'));
	const reset = h('button', { class: 'quiet', type: 'button', hidden: true }, t('settings.reset'));
	const input = () => { reset.hidden = !fields.changed().length; };
	const update = (settings) => {
		fields.follow(settings);
		input();
	};
	const refuse = (detail) => setText(told, fields.refuse(detail) ? t('settings.refused') : detail);
	const send = async (patch) => {
		const old = live.queue(queue);
		const { status, body } = await admin('PATCH', queuePath(queue), { body: patch });
		if (status !== 200) {
			refuse(body?.detail ?? String(status));
			return;
		}
		fields.set(body);
		live.take(body);
		tell({ good: true, text: t('settings.saved', { changes: changesSaid(old, body, Object.keys(patch), zone) }) });
	};
	const submit = async (event) => {
		event.preventDefault();
		const changed = fields.changed();
		const broken = changed.find((one) => one.input.validity.badInput);
		fields.clear();
		setText(told, changed.length ? '' : t('settings.same'));
		if (broken) refuse(`${broken.name}: `);
		if (broken || !changed.length) return;
		save.disabled = true;
		try {
			await send(Object.fromEntries(changed.map((one) => [one.name, one.read()])));
		} catch {
			setText(told, t('signin.away'));
		}
		save.disabled = false;
	};
	reset.addEventListener('click', () => {
		fields.undo();
		fields.clear();
		setText(told, '');
		input();
	});
	const props = { class: 'card stack settings', novalidate: true, 'aria-labelledby': 'settings-title', on: { submit, input } };
	const element = h('form', props,
		h('h2', { id: 'settings-title' }, t('settings.title')), fields.all.map((one) => one.element), told,
		h('div', { class: 'buttons' }, reset, save));
	return { element, update };
}

function valueSaid(name, value, zone) {
	if (name !== OPENS_AT) return number(value);
	return value ? dateTime(value, { dateStyle: 'medium', timeStyle: 'medium', timeZone: zone }) : t('settings.none');
}

function changesSaid(old, now, names, zone) {
	return names.map((name) => t('settings.change', {
		name: t(`field.${name}`), from: old ? valueSaid(name, old[name], zone) : '', to: valueSaid(name, now[name], zone),
	})).join(', ');
}
