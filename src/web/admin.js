// The operator's page: who is signed in, which screen is on, and what is the same on all of them.

import { auditScreen } from './admin-audit.js';
import { catalogScreen } from './admin-catalog.js';
import { en } from './texts-admin-en.js';
import { ko } from './texts-admin-ko.js';
import { Live } from './admin-live.js';
import { navigation } from './admin-nav.js';
import { queueScreen } from './admin-queue.js';
import { onRefused, signedIn, signOut } from './admin-session.js';
import { signInScreen } from './admin-signin.js';
import { fill, h, say, setText } from './dom.js';
import { head } from './head.js';
import { dateTime, t, title, wordsLoad } from './words.js';

const page = document.getElementById('page');
const banner = h('p', { class: 'banner', role: 'status', hidden: true });
const live = new Live(update);

let brand = {};
let screen = null;
let nav = null;

/** What the address says: #/queue/NAME, #/catalog, #/audit; without it, the first queue. */
function place() {
	const [, kind = '', name = ''] = location.hash.split('/');
	if (kind === 'catalog' || kind === 'audit') return { kind, name: '' };
	try {
		return { kind: 'queue', name: decodeURIComponent(name) || live.queues?.[0]?.queue || '' };
	} catch {
		return { kind: 'queue', name };
	}
}

function screenMake({ kind, name }) {
	if (kind === 'catalog') return catalogScreen({ imported: () => live.start() });
	if (kind === 'audit') return auditScreen();
	return queueScreen(name, { live, zone: brand.timeZone });
}

function top(extra) {
	return head({ home: '/admin', name: t('name', { title: title() }), redraw: draw, extra });
}

function leave() {
	screen?.close?.();
	screen = null;
}

function drawSignIn(why) {
	leave();
	live.stop();
	document.title = `${t('signin.title')} · ${title()}`;
	screen = signInScreen({ why, done: draw });
	fill(page, top([]), screen.element);
	page.querySelector('#key').focus();
}

function drawInside(focus) {
	const at = place();
	leave();
	live.watch(at.kind === 'queue' ? at.name : '');
	screen = screenMake(at);
	nav = navigation(at);
	document.title = `${screen.title} · ${title()}`;
	fill(page,
		top([h('button', { type: 'button', class: 'quiet', on: { click: end } }, t('signout.do'))]),
		banner, h('div', { class: 'admin' }, nav.element, screen.element));
	update();
	if (focus) page.querySelector('h1')?.focus();
}

function draw() {
	if (!signedIn()) {
		drawSignIn('');
		return;
	}
	drawInside(false);
	live.start();
}

function end() {
	signOut();
	history.replaceState(null, '', '/admin');
	drawSignIn('');
}

function update() {
	if (!nav || !signedIn()) return;
	bannerShow();
	if (place().kind === 'queue' && !screen.name && live.queues?.length) drawInside(false);
	nav.update(live);
	screen.update?.();
}

function bannerShow() {
	const was = !banner.hidden;
	banner.hidden = !live.trouble;
	if (live.trouble) {
		const time = live.at ? dateTime(live.at, { timeStyle: 'medium' }) : '–';
		setText(banner, t(`banner.${live.trouble}`, { time }));
	}
	if (was && banner.hidden) say(t('banner.back'));
}

async function main() {
	brand = await wordsLoad({ en, ko });
	brand.timeZone ??= Intl.DateTimeFormat().resolvedOptions().timeZone;
	onRefused(() => drawSignIn(t('signin.again')));
	window.addEventListener('hashchange', () => signedIn() && drawInside(true));
	draw();
}

main();
