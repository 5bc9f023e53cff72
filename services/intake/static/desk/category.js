// The category: suggested as one writes with the words that decided, or found by name or pinyin.

import { ask, Refused } from "/static/http.js";
import { combo } from "./combo.js";
import { changed, choose, field, onChange, read } from "./form.js";

const WAIT_MS = 250;
const LEAST = 4;
const SHOWN = 12;
const all = JSON.parse(document.getElementById("categories").textContent);
const byCode = new Map(all.map((each) => [each.code, each]));
const input = document.getElementById("category");
const list = document.getElementById("suggested");
const none = document.getElementById("suggested-none");
let suggestions = [];
let timer = null;
let asked = 0;
let last = "";

/** The category chosen, with its usual type and urgency. */
export function chosen() {
  return byCode.get(field("category").value) ?? null;
}

function take(code) {
  const category = byCode.get(code);
  field("category").value = code;
  input.value = `${category.name} · ${category.major}`;
  const { type, urgency } = read();
  if (!type) choose("type", category.type);
  if (!urgency) choose("urgency", category.urgency);
  show(suggestions);
  changed();
}

/** Take a suggestion by its place on the screen, from 1. */
export function takeSuggestion(place) {
  const found = suggestions[place - 1];
  if (found) take(found.code);
  return Boolean(found);
}

combo(input, document.getElementById("category-list"), {
  look: (text) => (text ? matching(text.toLowerCase()) : []),
  show: (each) => [span("", each.name), span("muted small", each.major)],
  take: (each) => take(each.code),
  early: (event) =>
    /^[1-5]$/.test(event.key) && input.value === "" && takeSuggestion(Number(event.key)),
});

function matching(text) {
  const rank = (each) => {
    if (each.name.startsWith(text) || each.typed.split(" ").some((typed) => typed.startsWith(text))) return 0;
    if (each.name.includes(text) || each.typed.includes(text)) return 1;
    return each.major.includes(text) || each.code.startsWith(text) ? 2 : 3;
  };
  return all
    .map((each) => [rank(each), each])
    .filter(([order]) => order < 3)
    .sort((a, b) => a[0] - b[0])
    .slice(0, SHOWN)
    .map(([, each]) => each);
}

// what is typed over a chosen category takes it away
input.addEventListener("input", () => {
  field("category").value = "";
});
input.addEventListener("blur", () => {
  const category = chosen();
  if (category) input.value = `${category.name} · ${category.major}`;
});

onChange(() => {
  if (document.activeElement !== input) {
    const category = chosen();
    input.value = category ? `${category.name} · ${category.major}` : "";
  }
  clearTimeout(timer);
  timer = setTimeout(look, WAIT_MS);
});

async function look() {
  const { description, address } = read();
  const text = description.trim();
  if (text.length < LEAST) return show([]);
  const words = `${text}\n${address}`;
  if (words === last) return;
  last = words;
  const mine = (asked += 1);
  try {
    const body = { text, address: address.trim() || null };
    const { items } = await ask("POST", "/api/v1/hints/categories", body);
    if (mine === asked) show(items.slice(0, 5));
  } catch (error) {
    last = ""; // a hint: the next change asks again
    if (!(error instanceof Refused) && !(error instanceof TypeError)) throw error;
  }
}

function show(items) {
  if (!items.length) last = "";
  suggestions = items;
  none.hidden = items.length > 0;
  list.replaceChildren(...items.map(row));
}

function row(item, index) {
  const node = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-pressed", String(field("category").value === item.code));
  const why = span("suggested-why", item.major);
  for (const word of item.words.slice(0, 6)) {
    const mark = document.createElement("mark");
    mark.textContent = word;
    why.append(mark);
  }
  const sure = span("suggested-sure figure", `${Math.round(item.confidence * 100)}%`);
  button.append(kbd(index + 1), span("suggested-name", item.name), sure, why);
  button.addEventListener("click", () => {
    take(item.code);
    field("urgency_reason").focus();
  });
  node.append(button);
  return node;
}

function span(css, text) {
  const made = document.createElement("span");
  made.className = css;
  made.textContent = text;
  return made;
}

function kbd(text) {
  const made = document.createElement("kbd");
  made.textContent = text;
  return made;
}
