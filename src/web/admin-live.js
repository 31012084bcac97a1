// The figures of all queues and the history of one, kept current while somebody looks.

import { admin, queuePath } from './admin-session.js';

const FIGURES_MS = 2000;
const HISTORY_MS = 5000;

/** Asks again and again, and tells `changed` after every answer, or want of one. */
export class Live {
	/** The last figures of the queues; null before the first. */
	queues = null;
	/** The history of the queue that is watched; null before it has come. */
	history = null;
	/** "": all is well, "away": no answer, "trouble": an answer that is none. */
	trouble = '';
	/** Date.now() of the last figures. */
	at = 0;

	#watched = '';
	#historyAt = 0;
	#timer = 0;
	#on = false;
	#run = 0; // what an earlier run has asked says nothing any more

	constructor(changed) {
		this.changed = changed;
		document.addEventListener('visibilitychange', () => {
			if (this.#on && !document.hidden) this.start();
		});
	}

	/** Begins, or asks at once if it has begun. */
	start() {
		clearTimeout(this.#timer);
		this.#on = true;
		this.#round(++this.#run);
	}

	stop() {
		clearTimeout(this.#timer);
		this.#on = false;
		this.#run++;
	}

	/** Whose history is asked for; "" for none. */
	watch(queue) {
		if (queue === this.#watched) return;
		this.#watched = queue;
		this.#historyAt = 0;
		this.history = null;
		if (this.#on) this.start();
	}

	queue(name) {
		return this.queues?.find((queue) => queue.queue === name) ?? null;
	}

	/** Takes a queue over as a change has answered it. */
	take(queue) {
		this.queues = this.queues?.map((old) => (old.queue === queue.queue ? queue : old)) ?? [queue];
		this.changed(this);
	}

	async #round(run) {
		try {
			const trouble = await this.#ask();
			if (run !== this.#run) return;
			this.trouble = trouble;
		} catch {
			if (run !== this.#run) return;
			this.trouble = 'away';
		}
		this.changed(this);
		if (run === this.#run && !document.hidden) this.#timer = setTimeout(() => this.#round(run), FIGURES_MS);
	}

	async #ask() {
		const watched = this.#watched;
		const due = watched && Date.now() - this.#historyAt >= HISTORY_MS;
		const [figures, history] = await Promise.all([
			admin('GET', '/queues'),
			due ? admin('GET', `${queuePath(watched)}/history`) : null,
		]);
		if (figures.status === 200) {
			this.queues = figures.body.queues;
			this.at = Date.now();
		}
		if (history?.status === 200 && watched === this.#watched) {
			this.history = history.body;
			this.#historyAt = Date.now();
		}
		return figures.status === 200 ? '' : 'trouble';
	}
}
