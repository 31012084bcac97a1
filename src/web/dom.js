// Making elements. Text only ever becomes text: nothing here, or anywhere else in the pages, parses HTML.

/**
 * Makes an element.
 * @param {string} tag its name
 * @param {Object} [props] `class`, `on` (an object of listeners), `style` (an object of CSS properties); true and false
 *   set and leave out an attribute; anything else is an attribute's value
 * @param {...(Node|string|number|null|false|Array)} children strings become text; null and false are left out
 * @return {HTMLElement}
 */
export function h(tag, props, ...children) {
	const element = document.createElement(tag);
	for (const [name, value] of Object.entries(props ?? {})) setProp(element, name, value);
	element.append(...nodes(children));
	return element;
}

const SVG = 'http://www.w3.org/2000/svg';

/** Makes an SVG element; attributes only. */
export function svg(tag, attributes, ...children) {
	const element = document.createElementNS(SVG, tag);
	for (const [name, value] of Object.entries(attributes ?? {})) element.setAttribute(name, String(value));
	element.append(...nodes(children));
	return element;
}

function setProp(element, name, value) {
	if (name === 'on') {
		for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
	} else if (name === 'style') {
		for (const [property, to] of Object.entries(value)) element.style.setProperty(property, to);
	} else if (value === true) {
		element.setAttribute(name, '');
	} else if (value !== false && value !== null && value !== undefined) {
		element.setAttribute(name, String(value));
	}
}

function nodes(children) {
	return children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false);
}

/** Puts children in the place of all that an element has. */
export function fill(element, ...children) {
	element.replaceChildren(...nodes(children));
	return element;
}

/** Sets an element's text, and touches nothing when it is the same: a screen reader says only what is new. */
export function setText(element, text) {
	if (element.textContent !== String(text)) element.textContent = String(text);
}

/** Has a screen reader say something; the page has one element with the id "live". */
export function say(text) {
	const live = document.getElementById('live');
	if (live) live.textContent = text;
}

/**
 * Asks a question in a dialog.
 * @param {{title: string, body?: (string|Node)[], yes: string, no: string, danger?: boolean}} question
 * @return {Promise<boolean>} whether the answer was yes; closing it in any other way is no
 */
export function ask({ title, body = [], yes, no, danger = false }) {
	return new Promise((resolve) => {
		const close = (answer) => () => dialog.close(answer);
		const dialog = h('dialog', { class: 'ask', 'aria-labelledby': 'ask-title' },
			h('h2', { id: 'ask-title' }, title),
			body.map((part) => (typeof part === 'string' ? h('p', {}, part) : part)),
			h('div', { class: 'buttons' },
				h('button', { type: 'button', class: 'quiet', autofocus: true, on: { click: close('') } }, no),
				h('button', { type: 'button', class: danger ? 'danger' : 'primary', on: { click: close('yes') } }, yes)));
		dialog.addEventListener('close', () => {
			dialog.remove();
			resolve(dialog.returnValue === 'yes');
		});
		document.body.append(dialog);
		dialog.showModal();
	});
}
