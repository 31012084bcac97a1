// The contract: whether schema/openapi.json is right in itself, whether every exchange that the tests have made keeps
// to it, and whether everything in it was met by one.
//
//   node tests/openapi/check.mjs DIRECTORY [DOCUMENT]
//
// DIRECTORY holds what the tests have written down, see tests/support/exchange.h.
import { readFileSync } from "node:fs";
import { Contract } from "./contract.mjs";
import { checkDocument, operations, readCodes, readRoutes } from "./document.mjs";
import { exchanges, plainBody } from "./recording.mjs";
import { schemas } from "./schemas.mjs";

const MOST_SHOWN = 40;
const root = new URL("../../", import.meta.url);

// The same trouble in many exchanges is shown once, with the first of them.
class Troubles {
	found = new Map();

	add(name, text, example = () => "") {
		const known = this.found.get(`${name}: ${text}`);
		if (known) known.count++;
		else this.found.set(`${name}: ${text}`, { count: 1, example: example() });
	}

	show() {
		for (const [text, { count, example }] of [...this.found].slice(0, MOST_SHOWN))
			console.error(`contract: ${text}${count > 1 ? ` (${count} times)` : ""}${example && `\n    ${example}`}`);
		if (this.found.size > MOST_SHOWN) console.error(`contract: and ${this.found.size - MOST_SHOWN} more`);
	}
}

function excerpt(exchange) {
	const asked = exchange.requestBody.toString("utf8").slice(0, 200);
	const told = plainBody(exchange).slice(0, 400);
	return `${exchange.where}: ${exchange.method} ${exchange.target} ${asked}\n    -> ${exchange.status} ${told}`;
}

// Gives how many exchanges there were.
function checkExchanges(dir, contract, troubles) {
	let count = 0;
	for (const exchange of exchanges(dir)) {
		count++;
		for (const error of contract.judge(exchange))
			troubles.add(`${exchange.method} ${exchange.path.slice(0, 80)} ${exchange.status}`, error, () => excerpt(exchange));
	}
	return count;
}

async function main(dir, file = new URL("schema/openapi.json", root)) {
	const document = JSON.parse(readFileSync(file, "utf8"));
	const codes = readCodes(new URL("src/codes.def", root));
	const fit = schemas(document);
	const contract = new Contract(document, codes, fit);
	const troubles = new Troubles();
	const routes = readRoutes(new URL("src/api/routes.c", root));
	const say = (text) => troubles.add("the document", text);
	await checkDocument(document, { codes, routes, fits: fit.closed, say });
	const count = checkExchanges(dir, contract, troubles);
	if (!count) troubles.add("nothing is recorded in", dir);
	else for (const what of contract.unmet()) troubles.add("no test has met", what);
	troubles.show();
	if (!troubles.found.size)
		console.log(`contract: ${count} exchanges keep to ${operations(document).length} operations, and all of it was met`);
	process.exitCode = troubles.found.size ? 1 : 0;
}

if (process.argv.length < 3) {
	console.error("usage: node check.mjs DIRECTORY [DOCUMENT]");
	process.exitCode = 2;
} else {
	await main(...process.argv.slice(2));
}
