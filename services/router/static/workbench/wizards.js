// Help with the two longest forms: a return step by step, and a reply that is of this matter alone.

import { send } from "/static/http.js";
import { s } from "/static/strings.js";
import { sayWrong } from "./form.js";

const BLANK = /\{[^{}]*\}/g;
const PAUSE_MS = 600;

/** A form of several steps; `last` is called when the last one is shown. */
export function wizard(form, last) {
  const pages = [...form.querySelectorAll("[data-page]")];
  const steps = form.querySelectorAll("[data-wizard] li");
  const next = form.querySelector("[data-next]");
  const back = form.querySelector("[data-back]");
  const submit = form.querySelector("[data-last]");
  let at = 0;

  function show(to) {
    at = to;
    pages.forEach((page, index) => (page.hidden = index !== at));
    steps.forEach((step, index) => (index === at ? step.setAttribute("aria-current", "step") : step.removeAttribute("aria-current")));
    back.hidden = at === 0;
    next.hidden = at === pages.length - 1;
    submit.hidden = at !== pages.length - 1;
    pages[at].querySelector("input, textarea")?.focus();
    if (at === pages.length - 1) last();
  }

  function valid() {
    const wrong = [...pages[at].querySelectorAll("input, textarea, select")].find((each) => !each.checkValidity());
    wrong?.reportValidity();
    return !wrong;
  }

  next.addEventListener("click", () => valid() && show(at + 1));
  back.addEventListener("click", () => show(at - 1));
  form.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing || event.target.matches("textarea, button") || at === pages.length - 1) return;
    event.preventDefault();
    if (valid()) show(at + 1);
  });
  form.closest("dialog").addEventListener("close", () => show(0));
  for (const each of form.querySelectorAll("[data-clause], [data-owner]")) {
    each.addEventListener("click", () => {
      if (each.dataset.clause) form.elements.clause.value = each.dataset.clause;
      if (each.dataset.owner) form.elements.suggested_unit.value = each.dataset.owner;
      form.elements.clause.dispatchEvent(new Event("input", { bubbles: true }));
    });
  }
}

/** What became of such returns before. */
export async function likely(form, whistleId) {
  const box = form.querySelector("[data-likely]");
  const { status, data } = await send("GET", `/workbench/${whistleId}/likely`);
  if (status !== 200) return;
  box.textContent = data.n ? s(data.own ? "likely_own" : "likely", data) : s("likely_none");
}

/** Phrases with blanks, and a look at earlier replies while one writes. */
export function replyHelp(form, whistleId) {
  const reply = form.elements.public_reply;
  const box = form.querySelector("[data-alike]");
  let timer = null;
  let asked = "";

  for (const button of form.querySelectorAll("[data-phrase]")) {
    button.addEventListener("click", () => insert(reply, button.dataset.phrase));
  }

  async function look() {
    const text = reply.value.trim();
    if (text === asked || text.length < 10) return;
    asked = text;
    const { status, data } = await send("POST", `/workbench/${whistleId}/alike`, { text });
    if (status !== 200 || asked !== text) return;
    box.hidden = false;
    box.classList.toggle("w-alike-bad", Boolean(data.number));
    box.textContent = data.number ? s("alike", data) : s("distinct");
  }

  reply.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => look().catch((error) => {
      if (!(error instanceof TypeError)) throw error; // without network it is looked at when sent
    }), PAUSE_MS);
  });

  form.addEventListener("submit", (event) => {
    const blanks = reply.value.match(BLANK);
    if (!blanks) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    sayWrong(form, s("blanks", { blanks: blanks.join(" ") }));
    pickBlank(reply, 0);
  });
}

/** Put a phrase where one writes, and mark its first blank. */
function insert(area, text) {
  const at = area.selectionStart ?? area.value.length;
  area.setRangeText(text, at, area.selectionEnd ?? at, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
  pickBlank(area, at);
}

function pickBlank(area, from) {
  const found = new RegExp(BLANK.source).exec(area.value.slice(from));
  area.focus();
  if (found) area.setSelectionRange(from + found.index, from + found.index + found[0].length);
}
