// How much is written, and which of time, place, who, what and wish it tells so far.

import { ask, Refused } from "/static/http.js";
import { s } from "/static/strings.js";
import { field, onChange, place, read } from "./form.js";

const WAIT_MS = 250;
const LEAST = 10;
const count = document.getElementById("count");
const chips = document.getElementById("elements");
let timer = null;
let asked = 0;
let last = null;

async function look() {
  const form = read();
  const body = {
    text: form.description,
    place_given: Boolean(form.address.trim()) || place.lat !== null || form.no_location,
    time_given: Boolean(form.occurred_at),
  };
  const words = JSON.stringify(body);
  if (words === last) return;
  last = words;
  const mine = (asked += 1);
  try {
    const { elements } = await ask("POST", "/api/v1/drafts/missing", body);
    if (mine === asked) show(elements, Boolean(form.description.trim()));
  } catch (error) {
    last = null; // a hint: the next change asks again
    if (!(error instanceof Refused) && !(error instanceof TypeError)) throw error;
  }
}

function show(elements, begun) {
  for (const { element, told, words } of elements) {
    const chip = chips.querySelector(`[data-element="${element}"]`);
    chip.dataset.told = !begun ? "" : told ? "yes" : "no";
    chip.querySelector(".state").textContent = begun ? s(told ? "told" : "untold") : "";
    chip.title = told && words ? s("told_by", { words }) : "";
  }
}

onChange(() => {
  const length = field("description").value.trim().length;
  count.textContent = length === 0 ? "" : s(length < LEAST ? "count_short" : "count", { n: length });
  count.dataset.short = length > 0 && length < LEAST ? "yes" : "no";
  clearTimeout(timer);
  timer = setTimeout(look, WAIT_MS);
});
