// The catalogue: a file is chosen, what it would change is shown, and then it is imported.

import { changesSaid, previewOf } from './admin-preview.js';
import { admin } from './admin-session.js';
import { NoAnswer } from './api.js';
import { ask, fill, h, say, setText } from './dom.js';
import { t } from './words.js';

const IMPORT_MS = 130000; // the daemon itself gives up a little earlier

let text = ''; // what was chosen or pasted last; it outlives a switch of languages

function refused({ status, code, body }) {
	if (status === 413) return [t('catalog.tooLarge')];
	if (status >= 500) return [t('catalog.busy', { code: code || status })];
	return [t(status === 409 ? 'catalog.conflict' : 'catalog.wrongFile'), h('code', {}, body?.detail ?? code)];
}

function refusedNote(lines) {
	return h('div', { class: 'note bad', role: 'alert' }, h('h2', {}, t('catalog.refused')),
		lines.map((line) => h('p', {}, line)));
}

/** Sends the catalogue. @return {Promise<{body: ?Object, note: ?Node}>} the answer, or why there is none */
async function send(query) {
	try {
		const answer = await admin('POST', `/catalog${query}`, { body: text, ms: IMPORT_MS });
		return answer.status === 200 ? { body: answer.body } : { note: refusedNote(refused(answer)) };
	} catch (error) {
		if (!(error instanceof NoAnswer)) throw error;
		return { note: refusedNote([t('catalog.cut')]) };
	}
}

function chooser(preview) {
	const wrong = h('span', { class: 'wrong', id: 'catalog-wrong' });
	const area = h('textarea', {
		id: 'catalog-text', rows: 12, spellcheck: 'false', autocomplete: 'off', 'aria-describedby': 'catalog-wrong',
	});
	const file = h('input', { id: 'catalog-file', type: 'file', accept: '.json,application/json' });
	area.value = text;
	area.addEventListener('input', () => { text = area.value; });
	file.addEventListener('change', async () => {
		try {
			text = file.files.length ? await file.files[0].text() : '';
			setText(wrong, '');
		} catch {
			text = '';
			setText(wrong, t('catalog.unread'));
		}
		area.value = text;
	});
	const submit = (event) => {
		event.preventDefault();
		setText(wrong, text.trim() ? '' : t('catalog.empty'));
		if (text.trim()) preview();
		else area.focus();
	};
	return h('form', { class: 'card stack', novalidate: true, on: { submit } },
		h('div', { class: 'field' }, h('label', { for: 'catalog-file' }, t('catalog.file')), file),
		h('div', { class: 'field' }, h('label', { for: 'catalog-text' }, t('catalog.paste')), area, wrong),
		h('div', { class: 'buttons' }, h('button', { class: 'primary', type: 'submit' }, t('catalog.preview'))));
}

function previewShown(answer, { back, load }) {
	const said = changesSaid(answer.changed);
	return [
		h('div', { class: 'title' },
			h('h2', { tabindex: -1 }, t('catalog.would')),
			h('div', { class: 'buttons' },
				h('button', { type: 'button', on: { click: back } }, t('catalog.back')),
				said && h('button', { type: 'button', class: 'primary', on: { click: () => load(said) } }, t('catalog.import')))),
		said ? previewOf(answer.changes) : h('p', { class: 'note' }, t('catalog.nothing')),
	];
}

/**
 * @param {{imported: function()}} parts called when the sale has changed
 * @return {{element: HTMLElement, title: string}}
 */
export function catalogScreen({ imported }) {
	const step = h('div', { class: 'stack' });
	const busy = (key) => fill(step, h('p', { class: 'note', role: 'status' }, t(key)));
	const choose = (note) => {
		fill(step, note, chooser(preview));
		(note ? note : step.querySelector('input')).focus?.();
	};
	const preview = async () => {
		busy('catalog.reading');
		const { body, note } = await send('?dryRun=true');
		if (note) return choose(note);
		fill(step, previewShown(body, { back: () => choose(null), load }));
		return step.querySelector('h2').focus();
	};
	const load = async (changes) => {
		const sure = await ask({
			title: t('catalog.sure'), body: [t('catalog.sureWhat', { changes })], yes: t('catalog.import'), no: t('cancel'),
		});
		if (!sure) return;
		busy('catalog.importing');
		const { body, note } = await send('');
		if (note) {
			choose(note);
			return;
		}
		const said = changesSaid(body.changed);
		const done = said ? t('catalog.done', { changes: said }) : t('catalog.doneNothing');
		text = '';
		imported();
		choose(h('p', { class: 'note good' }, done));
		say(done);
	};
	fill(step, chooser(preview));
	return {
		title: t('catalog.title'),
		element: h('main', { class: 'stack' },
			h('div', { class: 'title' }, h('h1', { tabindex: -1 }, t('catalog.title'))),
			h('p', { class: 'soft' }, t('catalog.about')), step),
	};
}
