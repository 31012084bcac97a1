// Signing in with the admin key.

import { signIn } from './admin-session.js';
import { h, say, setText } from './dom.js';
import { t } from './words.js';

/**
 * @param {{why?: string, done: function()}} parts `why` is said above the form, `done` is called once the key was right
 * @return {{element: HTMLElement}}
 */
export function signInScreen({ why = '', done }) {
	const wrong = h('span', { class: 'wrong', id: 'key-wrong' });
	const input = h('input', {
		id: 'key', type: 'password', autocomplete: 'off', spellcheck: 'false', autofocus: true, 'aria-describedby': 'key-wrong key-kept',
	});
	const button = h('button', { class: 'primary', type: 'submit' }, t('signin.do'));
	const complain = (text) => {
		setText(wrong, text);
		input.setAttribute('aria-invalid', String(text !== ''));
		say(text);
		if (text) input.focus();
	};
	const submit = async (event) => {
		event.preventDefault();
		const key = input.value.trim();
		complain(key ? '' : t('signin.empty'));
		if (!key) return;
		button.disabled = true;
		const text = await attempt(key);
		button.disabled = false;
		complain(text);
		if (!text) done();
	};
	return {
		element: h('main', { class: 'signin' },
			h('form', { class: 'card stack', novalidate: true, on: { submit } },
				h('h1', { tabindex: -1 }, t('signin.title')),
				why && h('p', { class: 'note warn', role: 'alert' }, why),
				h('p', { class: 'soft' }, t('signin.about')),
				h('div', { class: 'field' },
					h('label', { for: 'key' }, t('signin.key')), input, wrong,
					h('span', { class: 'soft small', id: 'key-kept' }, t('signin.kept'))),
				button)),
	};
}

async function attempt(key) {
	try {
		const status = await signIn(key);
		if (status === 200) return '';
		return t(status === 401 ? 'signin.wrong' : 'signin.away');
	} catch {
		return t('signin.away');
	}
}
