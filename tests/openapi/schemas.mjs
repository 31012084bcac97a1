// Values against the schemas of the document: as they stand, for requests, and closed, for answers.
import Ajv2020 from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { pointer, walk } from "./document.mjs";

// What a schema is made of that looks at the same value.
function facets(schema) {
	return [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
}

// What a schema says of values within its value.
function inner(schema) {
	return [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties].filter(
		(part) => part !== null && typeof part === "object",
	);
}

function closeInside(schema) {
	facets(schema).forEach(closeInside);
	inner(schema).forEach(close);
}

// A client has to pass over a field it does not know, so the document leaves answers open; but every field that
// there is today has to be in it.
function close(schema) {
	if (schema.additionalProperties === undefined) schema.unevaluatedProperties ??= false;
	closeInside(schema);
}

function closed(document) {
	const copy = structuredClone(document);
	Object.values(copy.components.schemas).forEach(closeInside);
	walk(copy, (node, path) => {
		if (node.schema && path.at(-2) === "content") close(node.schema);
	});
	return copy;
}

function explain(error) {
	const extra = error.params.unevaluatedProperty ?? error.params.additionalProperty ?? error.params.missingProperty;
	const allowed = error.params.allowedValues ?? error.params.allowedValue;
	return `${error.instancePath.replace(/\/\d+/g, "/*") || "/"} ${error.message}` +
		(extra && !error.message.includes(extra) ? ` (${extra})` : "") +
		(allowed === undefined ? "" : ` (${[allowed].flat().join(", ")})`);
}

// What a schema that does not fit has not looked at is no trouble of its own.
function essential(errors) {
	const looked = errors.filter((error) => error.keyword !== "unevaluatedProperties");
	return looked.length ? looked : errors;
}

// Gives fits(path, value): what is wrong with a value for the schema at that path of the document.
function checker(document, id) {
	const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, strictTypes: false, verbose: true });
	const compiled = new Map();
	addFormats(ajv);
	ajv.addVocabulary(Object.keys(document)); // so that a keyword misspelt in a schema is still found
	ajv.addSchema(document, id);
	const wrong = (ref, value) => {
		let validate = compiled.get(ref);
		if (!validate) compiled.set(ref, (validate = ajv.compile({ $ref: id + ref })));
		return validate(value) ? [] : [...new Set(nearest(essential(validate.errors)))];
	};
	// Where none of several schemas fits, only what is wrong by the one that fits best.
	const nearest = (errors) => {
		const several = errors.find((e) => e.keyword === "oneOf" && e.parentSchema.oneOf.every((schema) => schema.$ref));
		if (!several) return errors.map(explain);
		const each = several.parentSchema.oneOf.map((schema) => wrong(schema.$ref, several.data));
		return each.sort((a, b) => a.length - b.length)[0].concat(each[0].length ? [] : explain(several));
	};
	return (path, value) => wrong(pointer(path), value);
}

export function schemas(document) {
	return { open: checker(document, "open"), closed: checker(closed(document), "closed") };
}
