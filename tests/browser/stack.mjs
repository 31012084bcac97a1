// A private Redis, a private MariaDB and an usherd for the tests of the pages, in a directory of their own.

import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const BUILD = resolve(process.env.USHER_BUILD ?? 'build/check');
const START_MS = 60000;

export const ADMIN_KEY = 'open-sesame';

/** Waits until `condition` gives something true, and gives that; fails after `ms` with `what`. */
export async function until(what, condition, ms = 15000) {
	const end = Date.now() + ms;
	for (;;) {
		const got = await condition();
		if (got) return got;
		if (Date.now() > end) throw new Error(`waited ${ms} ms for: ${what}`);
		await new Promise((next) => setTimeout(next, 20));
	}
}

const asRoot = process.getuid() === 0 ? ['--user=root'] : [];

/** The servers of one test file; everything in it ends with end(), and with this process. */
export class Stack {
	/** @param {Object} catalog the catalogue file, see the README. @param {string[]} [flags] further ones of usherd */
	static async start(catalog, flags = []) {
		const stack = new Stack();
		stack.dir = mkdtempSync('/tmp/usher-pages-');
		stack.running = {};
		stack.flags = flags;
		stack.catalog(catalog);
		stack.redis();
		await stack.#mysql();
		await stack.usherd();
		return stack;
	}

	/** Starts a program that ends when we do; what it says goes to NAME.log. */
	#spawn(name, program, args) {
		const log = openSync(join(this.dir, `${name}.log`), 'a');
		this.running[name] = spawn('setpriv', ['--pdeathsig', 'KILL', program, ...args],
			{ stdio: ['ignore', log, log], cwd: this.dir });
		this.running[name].ended = new Promise((done) => this.running[name].once('exit', done));
	}

	log(name) {
		return readFileSync(join(this.dir, `${name}.log`), 'utf8');
	}

	catalog(catalog) {
		writeFileSync(join(this.dir, 'catalog.json'), JSON.stringify(catalog));
	}

	redis() {
		this.#spawn('redis', 'redis-server', ['--port', '0', '--unixsocket', join(this.dir, 'redis.sock'), '--save', '',
			'--dir', this.dir]);
	}

	async #mysql() {
		const template = join(BUILD, 'mysql-template'); // the other tests of the build directory have left it
		const data = join(this.dir, 'mysql');
		if (existsSync(template)) cpSync(template, data, { recursive: true });
		else execFileSync('mariadb-install-db', ['--no-defaults', `--datadir=${data}`,
			'--auth-root-authentication-method=normal', '--skip-test-db', ...asRoot], { stdio: 'ignore' });
		writeFileSync(join(this.dir, 'init.sql'), 'CREATE DATABASE IF NOT EXISTS usher CHARACTER SET utf8mb4;');
		this.mysql();
		await until('MariaDB', () => existsSync(join(this.dir, 'mysql.sock')), START_MS);
	}

	mysql() {
		this.#spawn('mysql', 'mariadbd', ['--no-defaults', `--datadir=${this.dir}/mysql`, `--socket=${this.dir}/mysql.sock`,
			`--pid-file=${this.dir}/mysql.pid`, '--skip-networking', '--innodb-buffer-pool-size=64M',
			`--init-file=${this.dir}/init.sql`, ...asRoot]);
	}

	/** Starts usherd, on the port it had before if it ran before, and waits until it is ready. */
	async usherd() {
		const before = this.running.usherd ? this.log('usherd').length : 0;
		this.#spawn('usherd', join(BUILD, 'usherd'), ['--listen', `127.0.0.1:${this.port ?? 0}`,
			'--redis', `unix:${this.dir}/redis.sock`, '--mysql', `mysql://root@localhost/usher?socket=${this.dir}/mysql.sock`,
			'--secret', '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff', '--admin-key', ADMIN_KEY,
			'--catalog', join(this.dir, 'catalog.json'), ...this.flags]);
		const [, port] = await until('usherd', () => {
			if (this.running.usherd.exitCode !== null) throw new Error(this.log('usherd'));
			return this.log('usherd').slice(before).match(/ready on http:\/\/127\.0\.0\.1:(\d+)/);
		}, START_MS);
		this.port = Number(port);
		this.url = `http://127.0.0.1:${port}`;
	}

	/** Ends one of the servers ("usherd", "redis", "mysql") and waits for its end. */
	async stop(name, signal = 'SIGTERM') {
		this.running[name].kill(signal);
		await this.running[name].ended;
	}

	async end() {
		for (const name of ['usherd', 'mysql', 'redis'])
			if (this.running[name]?.exitCode === null) await this.stop(name, name === 'mysql' ? 'SIGKILL' : 'SIGTERM');
		rmSync(this.dir, { recursive: true, force: true });
	}

	/** The first column of each row of a query. */
	sql(statement) {
		return execFileSync('mariadb', ['--no-defaults', '-uroot', `--socket=${this.dir}/mysql.sock`, '-N', '-e', statement, 'usher'],
			{ encoding: 'utf8' }).trim().split('\n');
	}

	/** A command to Redis, its answer as text. */
	redisCli(...args) {
		return execFileSync('redis-cli', ['-s', join(this.dir, 'redis.sock'), ...args], { encoding: 'utf8' }).trim();
	}

	/** A request of ours, as another client would send it. */
	async call(method, path, body, bearer) {
		const response = await fetch(this.url + path, {
			method,
			redirect: 'manual',
			headers: { 'Content-Type': 'application/json', ...(bearer ? { Authorization: `Bearer ${bearer}` } : {}) },
			body: body === undefined ? undefined : JSON.stringify(body),
		});
		const text = await response.text();
		return { status: response.status, headers: response.headers, body: text ? JSON.parse(text) : null };
	}

	/** The same as the operator; fails unless it is a 2xx. */
	async admin(method, path, body) {
		const answer = await this.call(method, `/admin/v1${path}`, body, ADMIN_KEY);
		if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
		return answer.body;
	}

	/** Enters as somebody without a browser. @return {Promise<Object>} the token's answer */
	async enter(userId, queue = 'main') {
		const answer = await this.call('POST', '/v1/tokens', { userId, queue });
		if (answer.status >= 300) throw new Error(`entering: ${answer.status}`);
		return answer.body;
	}
}
