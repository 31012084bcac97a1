// Exchanges against the document, and the document against what was met.
import { codesOf, operations, resolve, responseLists } from "./document.mjs";
import { header, plainBody } from "./recording.mjs";

// Headers of the connection and of the message, which every answer may have.
const TRANSPORT = new Set(["connection", "content-length", "content-type", "date", "transfer-encoding"]);

const OTHER = ["x-other-requests", "responses"];
const CROSS = ["x-cross-origin", "headers"];

// Why a field can be refused that fits its schema.
const BEYOND_SCHEMAS = /stands twice|must not be below|no such queue|in the future|doors are open already|percent-encoded/;

// What a shop's own page may call, see the setting cors-origin.
const OPEN = "/v1/";

function essence(type) {
	return type?.split(";")[0].trim().toLowerCase();
}

// A part of a path as it is meant; what is wrongly encoded stays as it is.
function decoded(part) {
	try {
		return decodeURIComponent(part);
	} catch {
		return part;
	}
}

function parsed(text) {
	try {
		return { value: JSON.parse(text) };
	} catch (error) {
		return { error: `not JSON: ${error.message}` };
	}
}

// The paths of the document with the operations of each; those without a part to fill in come first.
function routesOf(document) {
	const routes = new Map();
	for (const operation of operations(document)) {
		const pattern = operation.path.replace(/[.*+?^$()|[\]\\]/g, "\\$&").replace(/\{(\w+)\}/g, "(?<$1>[^/]+)");
		const route = routes.get(operation.path) ?? { fits: new RegExp(`^${pattern}$`), methods: new Map() };
		routes.set(operation.path, route);
		route.methods.set(operation.method, operation);
	}
	return [...routes.values()].sort((a, b) => a.fits.source.includes("?<") - b.fits.source.includes("?<"));
}

export class Contract {
	constructor(document, codes, schemas) {
		Object.assign(this, { document, codes, schemas, routes: routesOf(document), met: new Set() });
	}

	// Gives everything in which an exchange breaks the document.
	judge(exchange) {
		const route = this.routes.find(({ fits }) => fits.test(exchange.path));
		const operation = route?.methods.get(exchange.method === "HEAD" ? "GET" : exchange.method);
		const at = operation ? [...operation.at, "responses"] : OTHER;
		const list = resolve(this.document, at).node;
		const name = operation?.name ?? "any other request";
		const status = String(exchange.status) in list ? String(exchange.status) : "default";
		const errors = [];
		const say = (text) => errors.push(text);
		const response = status in list ? resolve(this.document, [...at, status]) : undefined;
		this.met.add(`${name} ${status}`);
		if (!response || (status === "default" && exchange.status !== 500)) {
			say(`the status ${exchange.status} is not in the document`);
			return errors;
		}
		this.judgeHeaders(exchange, response, `${name} ${status}`, say);
		this.judgeBody(exchange, response, `${name} ${status}`, say);
		if (!operation) this.judgeOther(exchange, route, say);
		else if (exchange.status < 300 || exchange.status === 304) this.judgeRequest(exchange, operation, route, say);
		else if (exchange.status === 400) this.judgeRefusal(exchange, operation, route, say);
		return errors;
	}

	// Where the headers of an answer stand in the document: name in lower case -> places.
	headerPlaces(exchange, { node, path }) {
		const places = new Map();
		const add = (at, name) => places.set(name.toLowerCase(), [...(places.get(name.toLowerCase()) ?? []), [...at, name]]);
		for (const name of Object.keys(node.headers ?? {})) add([...path, "headers"], name);
		if (exchange.path.startsWith(OPEN))
			for (const name of Object.keys(resolve(this.document, CROSS).node)) add(CROSS, name);
		return places;
	}

	judgeHeaders(exchange, response, name, say) {
		const places = this.headerPlaces(exchange, response);
		const seen = new Set();
		for (const [key, value] of exchange.headers) {
			if (seen.has(key) && key !== "vary") say(`the header ${key} is there twice`);
			seen.add(key);
			if (TRANSPORT.has(key)) continue;
			const wrong = (places.get(key) ?? []).map((at) => [at, this.fits(resolve(this.document, at), value)]);
			const [at, errors] = wrong.find(([, found]) => !found.length) ?? wrong[0] ?? [[], ["is not in the document"]];
			for (const error of errors) say(`the header ${key} (${value}): ${error}`);
			this.met.add(`${at[0] === CROSS[0] ? CROSS[0] : name} ${key}`);
		}
		for (const [key, [at]] of places)
			if (!seen.has(key) && resolve(this.document, at).node.required) say(`the header ${key} is missing`);
	}

	// A value that travels as text, for a schema that may say it is a number.
	fits({ path }, text) {
		const { type } = resolve(this.document, [...path, "schema"]).node;
		const value = type === "integer" && /^\d{1,16}$/.test(text) ? Number(text) : text;
		return this.schemas.open([...path, "schema"], value);
	}

	judgeBody(exchange, { node, path }, name, say) {
		const type = header(exchange.headers, "Content-Type");
		const body = plainBody(exchange);
		if (!node.content) {
			if (type || body) say("there is a body, or its type, and the document has none");
			return;
		}
		const kind = essence(type) in node.content ? essence(type) : "*/*";
		if (!type || !(kind in node.content)) {
			say(`the Content-Type ${type} is not in the document`);
			return;
		}
		if (exchange.method === "HEAD") {
			if (body) say("there is a body after HEAD");
			return;
		}
		const json = kind.endsWith("json") ? parsed(body) : { value: body };
		if (json.error) say(json.error);
		else for (const error of this.schemas.closed([...path, "content", kind, "schema"], json.value)) say(error);
		if (!json.error && kind === "application/problem+json") this.judgeProblem(exchange, json.value, name, say);
	}

	judgeProblem(exchange, problem, name, say) {
		const known = this.codes.get(problem.code);
		this.met.add(`${name} ${problem.code}`);
		if (problem.status !== exchange.status) say(`the body's status is ${problem.status}`);
		if (known?.status !== exchange.status) say(`the code ${problem.code} is not of the status ${exchange.status}`);
		if (known?.title !== problem.title) say(`the title "${problem.title}" is not that of ${problem.code}`);
		if (problem.type !== `urn:usher:problem:${problem.code}`) say(`the type ${problem.type} does not end in the code`);
	}

	// What is no operation: an unknown path is 404, another method on a known one 405 with those that there are.
	judgeOther(exchange, route, say) {
		if (exchange.status === 405) {
			const methods = [...(route?.methods.keys() ?? [])].flatMap((name) => (name === "GET" ? ["GET", "HEAD"] : [name]));
			const allowed = (header(exchange.headers, "Allow") ?? "").split(", ");
			if (!route) say("the path is not in the document");
			else if (methods.sort().join() !== allowed.sort().join()) say(`Allow is ${allowed}, the document has ${methods}`);
		} else if (exchange.status === 404 && route && !exchange.path.startsWith("/admin/")) {
			say("the path is in the document, so this ought to be 405");
		}
	}

	// What was answered well was well asked.
	judgeRequest(exchange, operation, route, say) {
		const parts = route.fits.exec(exchange.path).groups ?? {};
		const values = {
			path: (name) => parts[name] && decoded(parts[name]),
			query: (name) => exchange.query.get(name) ?? undefined,
			header: (name) => header(exchange.requestHeaders, name),
		};
		for (const parameter of operation.parameters) {
			const { name, in: place, required } = parameter.node;
			const value = values[place](name);
			if (value === undefined && required) say(`the parameter ${name} was not given`);
			if (value !== undefined)
				for (const error of this.fits(parameter, value)) say(`the parameter ${name} (${value}): ${error}`);
		}
		if (operation.node.security?.length && !/^Bearer +\S/i.test(header(exchange.requestHeaders, "Authorization") ?? ""))
			say("it was answered without Authorization");
		if (operation.node.requestBody) this.judgeRequestBody(exchange, operation, say);
	}

	// A field was refused, so the document must not allow it.
	judgeRefusal(exchange, operation, route, say) {
		const { code, detail } = parsed(plainBody(exchange)).value ?? {};
		const wrong = [];
		if (code !== "INVALID_FIELD" || BEYOND_SCHEMAS.test(detail)) return;
		this.judgeRequest(exchange, operation, route, (text) => wrong.push(text));
		if (!wrong.length) say("the document allows the request");
	}

	judgeRequestBody(exchange, operation, say) {
		const type = essence(header(exchange.requestHeaders, "Content-Type"));
		const where = resolve(this.document, [...operation.at, "requestBody"]);
		if (!(type in where.node.content)) {
			say(`a request of the type ${type} is not in the document`);
			return;
		}
		const json = parsed(exchange.requestBody.toString("utf8"));
		if (json.error) say(`the request: ${json.error}`);
		else
			for (const error of this.schemas.open([...where.path, "content", type, "schema"], json.value))
				say(`the request: ${error}`);
	}

	// Gives everything in the document that no exchange has met.
	unmet() {
		const missing = [];
		const look = (what) => {
			const found = this.met.has(what);
			if (!found) missing.push(what);
			return found;
		};
		for (const { name, at } of responseLists(this.document))
			for (const status of Object.keys(resolve(this.document, at).node)) {
				if (status === "default") continue;
				const { node } = resolve(this.document, [...at, status]);
				if (!look(`${name} ${status}`)) continue;
				for (const key of Object.keys(node.headers ?? {})) look(`${name} ${status} ${key.toLowerCase()}`);
				for (const code of codesOf(this.document, node))
					look(`${name} ${status} ${code}`);
			}
		for (const key of Object.keys(resolve(this.document, CROSS).node)) look(`${CROSS[0]} ${key.toLowerCase()}`);
		return missing;
	}
}
