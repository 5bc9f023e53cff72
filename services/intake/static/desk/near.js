// Near duplicates: what neighbours have reported; the new ticket may join one as it is submitted.

import { ask, Refused } from "/static/http.js";
import { s } from "/static/strings.js";
import { onChange, place, read } from "./form.js";

const WAIT_MS = 700;
const LEAST = 6;
const box = document.getElementById("near");
const none = document.getElementById("near-none");
const note = document.getElementById("joined");
const words = document.getElementById("joined-words");
let timer = null;
let asked = 0;
let last = "";
let join = null; // {how: "merge" | "link", ticket_id, number}

/** What the ticket joins when it is submitted, or null. */
export function joined() {
  return join;
}

export function leave() {
  join = null;
  note.hidden = true;
}
document.getElementById("joined-undo").addEventListener("click", leave);

onChange(() => {
  clearTimeout(timer);
  timer = setTimeout(look, WAIT_MS);
});

/** Look now and go there. */
export async function focusNear() {
  clearTimeout(timer);
  await look();
  (box.querySelector("button") ?? box).focus();
}

async function look() {
  const form = read();
  const where = {};
  if (form.address.trim()) where.address = form.address.trim();
  if (form.region) where.region = form.region;
  if (place.lat !== null) Object.assign(where, { lat: place.lat, lon: place.lon });
  const text = form.description.trim();
  if (text.length < LEAST || !(form.category || Object.keys(where).length)) return show([]);
  const body = { text, category: form.category || null, place: where };
  const key = JSON.stringify(body);
  if (key === last) return;
  last = key;
  const mine = (asked += 1);
  try {
    const { items } = await ask("POST", "/api/v1/hints/duplicates", body);
    if (mine === asked) show(items.slice(0, 4));
  } catch (error) {
    last = ""; // a hint: the next change asks again
    if (!(error instanceof Refused) && !(error instanceof TypeError)) throw error;
  }
}

function show(items) {
  if (!items.length) last = "";
  none.hidden = items.length > 0;
  box.replaceChildren(...items.map(card));
}

function card(item) {
  const node = document.createElement("article");
  node.className = "near-card";
  const head = document.createElement("p");
  head.className = "near-head";
  const state = document.createElement("span");
  state.className = "tag tag-main";
  state.textContent = s(`state_${item.state}`);
  const reports = document.createElement("strong");
  reports.textContent = s("neighbours", { n: item.reports });
  head.append(state, reports);
  const title = document.createElement("p");
  title.textContent = item.title;
  const meta = document.createElement("p");
  meta.className = "muted small figure";
  const hours = Math.round(item.hours);
  const metres = item.metres === null ? null : Math.round(item.metres);
  const when = item.hours < 1 ? s("near_now") : s("near_hours", { hours });
  meta.textContent = metres === null ? when : s("near_metres", { metres, when });
  const ways = document.createElement("p");
  ways.className = "near-ways";
  ways.append(
    button(s("join"), "btn btn-sm btn-primary", () => take("merge", item)),
    button(s("link"), "btn btn-sm", () => take("link", item)),
    opener(item),
  );
  node.append(head, title, meta, ways);
  return node;
}

function take(how, item) {
  join = { how, ticket_id: item.ticket_id, number: item.number };
  words.textContent = s(how === "merge" ? "will_join" : "will_link", { number: item.number });
  note.hidden = false;
  document.getElementById("submit").focus();
}

function opener(item) {
  const link = document.createElement("a");
  link.className = "btn btn-sm";
  link.href = `/desk/tickets/${item.ticket_id}`;
  link.target = "_blank";
  link.rel = "noopener";
  link.textContent = s("open");
  return link;
}

function button(text, css, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = css;
  made.textContent = text;
  made.addEventListener("click", act);
  return made;
}
