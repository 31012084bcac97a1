// The OpenAPI document: what is in it, and whether it is right in itself.
import { readFileSync } from "node:fs";
import { Validator } from "@seriousme/openapi-schema-validator";

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

// Calls visit(node, path) for every object and list in a document.
export function walk(node, visit, path = []) {
	if (node === null || typeof node !== "object") return;
	visit(node, path);
	for (const [key, child] of Object.entries(node)) walk(child, visit, [...path, key]);
}

export function pointer(path) {
	return "#/" + path.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
}

function partsOf(ref) {
	const parts = decodeURIComponent(ref.replace(/^#\//, "")).split("/");
	return parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

// What a reference points to, or undefined.
export function lookUp(document, ref) {
	return partsOf(ref).reduce((at, part) => at?.[part], document);
}

// The routes of the table in src/api/routes.c: "GET /healthz".
export function readRoutes(file) {
	const rows = readFileSync(file, "utf8").matchAll(/\{METHOD_([A-Z]+),\s*"([^"]+)"/g);
	return new Set([...rows].map(([, method, path]) => `${method} ${path}`));
}

// A node, or what it refers to, with where that stands in the document.
export function resolve(document, path) {
	const node = path.reduce((at, part) => at?.[part], document);
	if (!node?.$ref) return { node, path };
	return resolve(document, partsOf(node.$ref));
}

// The outcomes of src/codes.def that are problems: name -> { status, title }.
export function readCodes(file) {
	const codes = new Map();
	for (const [, name, status, title] of readFileSync(file, "utf8").matchAll(/^CODE\((\w+), \d+, (\d+), "(.*)"\)$/gm))
		if (Number(status) >= 300) codes.set(name, { status: Number(status), title });
	return codes;
}

// Every operation: its name, where it stands, its parameters and where its responses stand.
export function operations(document) {
	const found = [];
	for (const [path, item] of Object.entries(document.paths))
		for (const method of METHODS.filter((name) => item[name])) {
			const at = ["paths", path, method];
			const shared = (item.parameters ?? []).map((_, i) => ["paths", path, "parameters", String(i)]);
			const own = (item[method].parameters ?? []).map((_, i) => [...at, "parameters", String(i)]);
			found.push({
				name: `${method.toUpperCase()} ${path}`,
				method: method.toUpperCase(),
				path,
				at,
				node: item[method],
				parameters: [...shared, ...own].map((where) => resolve(document, where)),
			});
		}
	return found;
}

// The lists of codes that a schema, and what it is made of, allow.
function codeLists(document, schema) {
	const { enum: many, const: one } = schema.properties?.code ?? {};
	const parts = [...(schema.allOf ?? []), ...(schema.$ref ? [lookUp(document, schema.$ref)] : [])];
	return [...(many ? [many] : []), ...(one ? [[one]] : []), ...parts.flatMap((part) => codeLists(document, part))];
}

// The codes that a response allows.
export function codesOf(document, response) {
	const schema = response.content?.["application/problem+json"]?.schema;
	const [first = [], ...others] = schema ? codeLists(document, schema) : [];
	return first.filter((code) => others.every((list) => list.includes(code)));
}

// --- right in itself -------------------------------------------------------------------------

function checkReferences(document, say) {
	const used = new Set();
	walk(document, (node) => {
		if (typeof node.$ref === "string") {
			used.add(node.$ref);
			if (lookUp(document, node.$ref) === undefined) say(`${node.$ref} leads nowhere`);
		}
		for (const requirement of Array.isArray(node.security) ? node.security : [])
			for (const name of Object.keys(requirement)) used.add(`#/components/securitySchemes/${name}`);
	});
	for (const [kind, components] of Object.entries(document.components))
		for (const name of Object.keys(components))
			if (!used.has(`#/components/${kind}/${name}`)) say(`components/${kind}/${name} is not used`);
}

function checkOperation(document, operation, say) {
	const { node, name, path, parameters } = operation;
	const tags = new Set(document.tags.map((tag) => tag.name));
	for (const field of ["operationId", "summary", "tags"]) if (!node[field]?.length) say(`${name} has no ${field}`);
	for (const tag of node.tags ?? []) if (!tags.has(tag)) say(`${name}: the tag ${tag} is not declared`);
	const inPath = parameters.filter(({ node: p }) => p.in === "path").map(({ node: p }) => p.name);
	for (const [, part] of path.matchAll(/\{(\w+)\}/g))
		if (!inPath.includes(part)) say(`${name}: {${part}} is not declared`);
	for (const part of inPath) if (!path.includes(`{${part}}`)) say(`${name}: ${part} is declared and not in the path`);
}

function checkOperations(document, routes, say) {
	const ids = new Set();
	const names = new Set(operations(document).map(({ name }) => name));
	for (const route of routes) if (!names.has(route)) say(`the daemon's route ${route} is missing`);
	for (const name of names) if (!routes.has(name)) say(`the daemon has no route ${name}`);
	for (const operation of operations(document)) {
		checkOperation(document, operation, say);
		if (ids.has(operation.node.operationId)) say(`${operation.name}: its operationId is another's`);
		ids.add(operation.node.operationId);
	}
}

// The places of all lists of responses: those of the operations, and of what is none.
export function responseLists(document) {
	const lists = operations(document).map(({ name, at }) => ({ name, at: [...at, "responses"] }));
	return [...lists, { name: "any other request", at: ["x-other-requests", "responses"] }];
}

// An error is a problem whose codes are those of its status.
function checkProblem(document, codes, name, status, response, say) {
	if (Object.keys(response.content ?? {}).join() !== "application/problem+json")
		say(`${name} ${status} is not application/problem+json`);
	const allowed = codesOf(document, response);
	if (!allowed.length || allowed.length === codes.size) say(`${name} ${status} does not say which codes it has`);
	for (const code of allowed)
		if (status !== "default" && codes.get(code)?.status !== Number(status))
			say(`${name} ${status}: ${code} is not of that status`);
}

function checkProblems(document, codes, say) {
	for (const { name, at } of responseLists(document))
		for (const status of Object.keys(at.reduce((node, part) => node[part], document))) {
			const { node } = resolve(document, [...at, status]);
			if (status === "default" || (Number(status) >= 300 && status !== "304"))
				checkProblem(document, codes, name, status, node, say);
		}
	const listed = new Set(document.components.schemas.Problem.properties.code.enum);
	for (const code of codes.keys()) if (!listed.has(code)) say(`Problem: ${code} of src/codes.def is missing`);
	for (const code of listed) if (!codes.has(code)) say(`Problem: ${code} is not in src/codes.def`);
}

// Every example fits its schema. `fits(path, value)` gives what is wrong with a value for the schema at that path.
function checkExamples(document, fits, say) {
	walk(document, (node, path) => {
		if (!node.schema || path[0] === "x-other-requests") return;
		const values = node.example === undefined ? [] : [["example", node.example]];
		for (const name of Object.keys(node.examples ?? {}))
			values.push([name, resolve(document, [...path, "examples", name]).node.value]);
		for (const [name, value] of values)
			for (const error of fits([...path, "schema"], value)) say(`${pointer(path)}: example ${name}: ${error}`);
	});
}

// Says everything that is wrong with the document itself.
export async function checkDocument(document, { codes, routes, fits, say }) {
	const { valid, errors } = await new Validator().validate(structuredClone(document));
	if (!valid) say(`not an OpenAPI document: ${JSON.stringify(errors)}`);
	checkReferences(document, say);
	checkOperations(document, routes, say);
	checkProblems(document, codes, say);
	checkExamples(document, fits, say);
}
