// Texts for scripts: the JSON of `strings_json("desk.js")` in an element of the page, by key.

function table(element) {
  return element ? JSON.parse(element.textContent) : {};
}

const own = table(document.getElementById("strings"));
const shared = table(document.getElementById("shell-strings"));

/** The text of a key, with `{n}` filled in; the page's own texts come before the shared ones. */
export function s(key, values = {}) {
  const text = own[key] ?? shared[key];
  if (text === undefined) throw new Error(`no text for ${key}`);
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** The page's language: "zh-CN" or "en". */
export const language = document.documentElement.lang;

/** The sentence of a problem (`{zh, en}` or `{errors: [{zh, en}]}`) in the page's language. */
export function sentence(problem) {
  const mine = language === "en" ? "en" : "zh";
  if (Array.isArray(problem?.errors)) return problem.errors.map((error) => error[mine]).join("\n");
  return problem?.[mine] ?? s("failed");
}
