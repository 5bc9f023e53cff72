// The clerk's keys: 1–4 the result, 5–8 the satisfaction, Ctrl+Enter to save, N for the next.

import { shortcut } from "/static/shortcuts.js";
import { s } from "/static/strings.js";

const form = document.getElementById("result-form");
const results = form ? [...form.querySelectorAll('input[name="result"]')] : [];
const answers = form ? [...form.querySelectorAll('input[name="satisfaction"]')] : [];

// nobody who was not reached is satisfied or not
function follow() {
  const unreachable = results.find((each) => each.checked)?.value === "unreachable";
  for (const each of answers) each.disabled = unreachable;
}

for (const each of results) each.addEventListener("change", follow);
follow();

function choose(inputs, index) {
  const input = inputs[index];
  if (input.disabled) return;
  input.checked = true;
  input.focus();
  input.dispatchEvent(new Event("change"));
}

const open = { when: () => form !== null };
results.forEach((_, index) => shortcut(`${index + 1}`, s("result"), () => choose(results, index), open));
answers.forEach((_, index) => shortcut(`${index + 5}`, s("satisfaction"), () => choose(answers, index), open));
if (form) shortcut("Ctrl+Enter", s("save"), () => form.requestSubmit(form.querySelector(".btn-primary")));
const next = document.querySelector("[data-take]");
if (next) shortcut("n", s("next"), () => next.click());
