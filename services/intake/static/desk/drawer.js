// The drawer over the hints: articles of the knowledge base to quote, phrases to insert.

import { ask } from "/static/http.js";
import { tell, toast } from "/static/dialogs.js";
import { isComposing } from "/static/shortcuts.js";
import { s } from "/static/strings.js";
import { changed, field, read } from "./form.js";

const WAIT_MS = 200;
const A_QUESTION = 200; // of the words of the matter, where nothing is asked
const units = JSON.parse(document.getElementById("units").textContent); // code → name
const drawer = document.getElementById("drawer");
const title = document.getElementById("drawer-title");
const body = document.getElementById("drawer-body");
const search = document.createElement("input");
const found = document.createElement("ul");
const sources = {
  knowledge: { look: articles, row: article },
  templates: { look: phrases, row: phrase },
};
let source = null;
let before = null; // what was written in, to go back to
let timer = null;
let asked = 0;

search.type = "search";
search.className = "form-control";
found.className = "found";

export function isOpen() {
  return !drawer.hidden;
}

export function close() {
  drawer.hidden = true;
  before?.focus();
  before = null;
}

export const openKnowledge = () => open("knowledge");
export const openTemplates = () => open("templates");

async function open(name) {
  if (isOpen() && source === sources[name]) return close();
  source = sources[name];
  before ??= document.activeElement;
  title.textContent = s(name);
  search.setAttribute("aria-label", s(name));
  search.value = "";
  found.replaceChildren();
  body.replaceChildren(search, found);
  drawer.hidden = false;
  search.focus();
  await look();
}

async function look() {
  const mine = (asked += 1);
  try {
    const items = await source.look(search.value.trim());
    if (mine === asked) show(items);
  } catch (error) {
    tell(error);
  }
}

async function articles(typed) {
  const { category, description } = read();
  const query = new URLSearchParams({ q: typed || description.trim().slice(0, A_QUESTION), limit: 20 });
  if (category && !typed) query.set("category", category);
  return (await ask("GET", `/api/v1/knowledge?${query}`)).items;
}

async function phrases(typed) {
  const { category } = read();
  const query = new URLSearchParams({ use: before?.id === "reply" ? "answer" : "description" });
  if (category) query.set("category", category);
  const { items } = await ask("GET", `/api/v1/phrases?${query}`);
  return items.filter((each) => `${each.title}${each.body}`.includes(typed));
}

function show(items) {
  if (items.length) return found.replaceChildren(...items.map(source.row));
  const none = document.createElement("li");
  none.className = "muted";
  none.textContent = s("nothing_found");
  found.replaceChildren(none);
}

function article(item) {
  const expired = item.validity === "expired";
  const about = s("article_about", { unit: units[item.owner_unit] ?? item.owner_unit, day: item.expires_on });
  const made = row(item.title, about, item.body, () => quote(item), expired);
  if (item.validity === "expires_soon" || expired) made.classList.add("expiring");
  return made;
}

function phrase(item) {
  return row(item.title, "", item.body, () => insert(item.body), false);
}

function row(head, about, text, act, disabled) {
  const node = document.createElement("li");
  const button = document.createElement("button");
  button.type = "button";
  button.disabled = disabled;
  const strong = document.createElement("strong");
  strong.textContent = head;
  const small = document.createElement("small");
  small.textContent = about;
  const words = document.createElement("span");
  words.textContent = text;
  button.append(strong, small, words);
  button.addEventListener("click", act);
  node.append(button);
  return node;
}

search.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(look, WAIT_MS);
});

// arrows walk through what was found, Enter takes it
drawer.addEventListener("keydown", (event) => {
  if (isComposing(event)) return;
  const buttons = [...found.querySelectorAll("button:enabled")];
  const at = buttons.indexOf(document.activeElement);
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    const step = event.key === "ArrowDown" ? 1 : -1;
    (buttons[Math.min(buttons.length - 1, at + step)] ?? search).focus();
  } else if (event.key === "Enter" && event.target === search) {
    event.preventDefault();
    buttons[0]?.click();
  }
});

function quote(item) {
  field("reply").value = item.body;
  field("article").value = `${item.article_id}@${item.version}`;
  tag(item.title);
  document.getElementById("reply-field").hidden = false;
  changed();
  before = null;
  close();
  field("reply").focus();
  toast(s("quoted"));
}

function tag(text) {
  const shown = document.getElementById("article-tag");
  shown.textContent = text;
  shown.hidden = false;
}

/** At the cursor of the text that was written in; its first blank is selected to be filled in. */
function insert(text) {
  const area = before?.matches?.("#form textarea") ? before : field("description");
  const from = area.selectionStart;
  area.setRangeText(text, from, area.selectionEnd, "end");
  before = area;
  changed();
  close();
  const blank = /\{[^{}\n]{1,20}\}/.exec(text);
  if (blank) area.setSelectionRange(from + blank.index, from + blank.index + blank[0].length);
}

document.getElementById("drawer-close").addEventListener("click", close);
document.getElementById("open-knowledge").addEventListener("click", openKnowledge);
document.getElementById("open-templates").addEventListener("click", openTemplates);
