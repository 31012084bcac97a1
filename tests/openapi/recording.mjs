// What tests/support/exchange.c has written down, taken apart.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

// The lines of headers after the first: [name in lower case, value].
function headersOf(lines) {
	return lines.slice(1).map((line) => {
		const colon = line.indexOf(":");
		return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
	});
}

function linesOf(head) {
	return head.replace(/\r\n\r\n$/, "").split("\r\n");
}

// The path and the query of a request's target, which may be a whole URL.
function targetOf(text) {
	const [path, ...query] = text.replace(/^https?:\/\/[^/?]*/, "").replace(/#.*$/, "").split("?");
	return { path: path || "/", query: new URLSearchParams(query.join("?")) };
}

function bytesOf(text, base64) {
	return base64 === undefined ? Buffer.from(text ?? "") : Buffer.from(base64, "base64url");
}

function exchangeOf(line, where) {
	const raw = JSON.parse(line);
	const asked = linesOf(raw.request);
	const told = linesOf(raw.answer);
	const [method, target] = asked[0].split(" ");
	return {
		where,
		method,
		target,
		...targetOf(target),
		requestHeaders: headersOf(asked),
		requestBody: bytesOf(raw.requestBody, raw.requestBody64),
		status: Number(told[0].split(" ")[1]),
		headers: headersOf(told),
		body: bytesOf(raw.answerBody, raw.answerBody64),
	};
}

// The value of a header, or undefined.
export function header(headers, name) {
	return headers.find(([n]) => n === name.toLowerCase())?.[1];
}

// The body of an answer as text, whatever its coding.
export function plainBody(exchange) {
	const gzip = header(exchange.headers, "Content-Encoding") === "gzip";
	return (gzip && exchange.body.length ? gunzipSync(exchange.body) : exchange.body).toString("utf8");
}

// Gives every exchange in the files of a directory, which need not be there, one after the other.
export function* exchanges(dir) {
	const files = existsSync(dir) ? readdirSync(dir) : [];
	for (const file of files.filter((name) => name.endsWith(".jsonl")).sort()) {
		const lines = readFileSync(join(dir, file), "utf8").split("\n");
		for (const [i, line] of lines.entries())
			if (line) yield exchangeOf(line, `${file.replace(/\.jsonl$/, "")}:${i + 1}`);
	}
}
