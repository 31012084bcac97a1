// The top of a page: its name, and the switch of languages.

import { h } from './dom.js';
import { languageNow, languages, languageSet, t, title } from './words.js';

/**
 * @param {{home: string, name?: string, redraw: function(), extra?: Node[]}} parts `redraw` is called when the language
 *   has changed
 * @return {HTMLElement}
 */
export function head({ home, name = title(), redraw, extra = [] }) {
	const pick = (code) => () => {
		languageSet(code);
		redraw();
		document.querySelector(`.languages [lang="${code}"]`)?.focus();
	};
	return h('header', { class: 'top' },
		h('a', { class: 'name', href: home }, h('img', { src: new URL('./icon.svg', import.meta.url).pathname, alt: '', width: 26, height: 26 }), h('span', {}, name)),
		extra,
		h('div', { class: 'languages', role: 'group', 'aria-label': t('language') },
			languages().map(([code, own]) => h('button', {
				type: 'button', lang: code, 'aria-pressed': String(code === languageNow()), on: { click: pick(code) },
			}, own))));
}
