// Prints the diagnostics of @asyncapi/parser for the documents named, as one JSON list for each.
import { readFile } from "node:fs/promises";
import { Parser } from "@asyncapi/parser";

const parser = new Parser();
const answers = [];
for (const path of process.argv.slice(2)) {
  const { document, diagnostics } = await parser.parse(await readFile(path, "utf-8"));
  answers.push({
    parsed: document !== undefined,
    channels: document?.channels().length,
    diagnostics: diagnostics.map(({ code, message, severity, path: at }) => ({
      code,
      message,
      severity,
      path: at.join("."),
    })),
  });
}
console.log(JSON.stringify(answers));
