// The inbox: worked through by keyboard, acknowledged one by one or many at once, kept up to date.

import { confirmed, toast } from "/static/dialogs.js";
import { send } from "/static/http.js";
import { follow } from "/static/live.js";
import { shortcut } from "/static/shortcuts.js";
import { s, sentence } from "/static/strings.js";
import { counted } from "/static/countdown.js";
import { fresh } from "/static/part.js";

const AT_ONCE = 4;
const EVERY_MS = 300_000; // working hours begin and end
const live = document.getElementById("live");
let current = null; // whistle_id of the row one stands on
let place = 0; // and its place, should it be gone
let picked = new Set();
let taking = false;

const results = () => document.getElementById("results");
const rows = () => [...results().querySelectorAll("tbody tr")];
const rowOf = (id) => rows().find((row) => row.dataset.id === id);

// ---- where one stands ----

function stand(row, { focus = true } = {}) {
  for (const each of rows()) each.removeAttribute("aria-selected");
  if (!row) return;
  current = row.dataset.id;
  place = rows().indexOf(row);
  row.setAttribute("aria-selected", "true");
  if (focus) row.querySelector(".w-open").focus({ preventScroll: true });
  row.scrollIntoView({ block: "nearest" });
}

function move(by) {
  const all = rows();
  if (!all.length) return;
  const at = all.findIndex((row) => row.dataset.id === current);
  stand(all[at === -1 ? Math.min(place, all.length - 1) : Math.max(0, Math.min(all.length - 1, at + by))]);
}

function here() {
  return rowOf(current) ?? rows()[Math.min(place, rows().length - 1)];
}

// ---- picked rows ----

function showPicked() {
  picked = new Set([...picked].filter((id) => rowOf(id)));
  for (const row of rows()) row.querySelector(".pick").checked = picked.has(row.dataset.id);
  const able = [...picked].filter((id) => rowOf(id).dataset.take);
  const button = document.getElementById("take-some");
  button.hidden = able.length === 0;
  button.querySelector("span").textContent = s("take_picked", { n: able.length });
}

function pick(row, on = !picked.has(row.dataset.id)) {
  if (on) picked.add(row.dataset.id);
  else picked.delete(row.dataset.id);
  showPicked();
}

// ---- acknowledging: each on its own, with its own result ----

async function takeOne(row) {
  const id = row.dataset.id;
  tell(id, s("taking"));
  let answer;
  try {
    answer = await send("POST", `/api/v1/whistles/${id}/reports`, { type: "acknowledged" });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    answer = { status: 0, data: { zh: s("offline"), en: s("offline") } };
  }
  const { status, data } = answer;
  if (status === 201 || status === 200) {
    tell(id, data.late ? s("late_taken") : s("taken"), "good");
    const done = rowOf(id);
    if (done) {
      delete done.dataset.take;
      done.querySelector(".w-take")?.remove();
    }
    return null;
  }
  tell(id, sentence(data), "bad");
  return { number: row.dataset.number, why: sentence(data) };
}

function tell(id, words, kind = "") {
  const box = rowOf(id)?.querySelector(".w-result");
  if (!box) return;
  box.textContent = words;
  box.className = `w-result small ${kind && `w-result-${kind}`}`;
}

async function takeMany(ids) {
  taking = true;
  const left = [...ids];
  const failed = [];
  const work = async () => {
    while (left.length) {
      const row = rowOf(left.shift());
      const why = row && (await takeOne(row));
      if (why) failed.push(why);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  taking = false;
  const done = ids.length - failed.length;
  toast(failed.length ? s("took_some", { n: done, failed: failed.length }) : s("took", { n: done }), failed.length ? "plain" : "good");
  showFailed(failed);
  picked.clear();
  await refresh();
  return failed;
}

function showFailed(failed) {
  const box = document.getElementById("refused");
  box.hidden = failed.length === 0;
  box.querySelector("div").replaceChildren(...failed.map(({ number, why }) =>
    Object.assign(document.createElement("p"), { textContent: `${number}：${why}` })));
}

async function takeHere() {
  const able = [...picked].filter((id) => rowOf(id)?.dataset.take);
  if (able.length) return takeMany(able);
  const row = here();
  if (!row?.dataset.take || taking) return undefined;
  const all = rows();
  const next = all[all.indexOf(row) + 1] ?? all[all.indexOf(row) - 1];
  taking = true;
  const why = await takeOne(row).finally(() => (taking = false));
  if (why) showFailed([why]);
  else if (next) stand(rowOf(next.dataset.id));
  return undefined;
}

async function takeAll() {
  if (taking) return;
  const part = await fresh("/workbench?tab=offered", "results");
  const number = Number(part?.querySelector("#found").dataset.found ?? 0);
  if (!number || !(await confirmed(s("ask_all", { n: number })))) return;
  if (new URLSearchParams(location.search).get("tab") !== "offered") {
    history.replaceState(null, "", "/workbench?tab=offered");
    put(part);
  }
  for (;;) { // page after page, until none is left or one is not taken
    const ids = rows().filter((row) => row.dataset.take).map((row) => row.dataset.id);
    if (!ids.length || (await takeMany(ids)).length) return;
  }
}

// ---- up to date ----

function put(part) {
  const refused = document.getElementById("refused").cloneNode(true);
  results().replaceWith(part);
  if (!refused.hidden) document.getElementById("refused").replaceWith(refused);
  counted();
  showPicked();
}

async function refresh() {
  if (taking) return;
  const part = await fresh(location.href, "results");
  if (!part || taking) return;
  const focused = results().contains(document.activeElement) || document.activeElement === document.body;
  put(part);
  const row = here();
  if (row && current) stand(row, { focus: focused });
}

document.addEventListener("click", (event) => {
  const take = event.target.closest(".w-take");
  if (take) {
    stand(take.closest("tr"), { focus: false });
    takeHere();
  }
  if (event.target.closest("#take-some")) takeMany([...picked].filter((id) => rowOf(id)?.dataset.take));
  if (event.target.closest("#take-all")) takeAll();
});

document.addEventListener("change", (event) => {
  if (event.target.id === "pick-all") {
    for (const row of rows()) {
      if (event.target.checked) picked.add(row.dataset.id);
      else picked.delete(row.dataset.id);
    }
    showPicked();
  } else if (event.target.classList.contains("pick")) {
    pick(event.target.closest("tr"), event.target.checked);
  }
});

document.addEventListener("focusin", (event) => {
  const row = event.target.closest?.("#results tbody tr");
  if (row && row.dataset.id !== current) stand(row, { focus: false });
});

shortcut("j", s("next"), () => (current ? move(1) : move(0)));
shortcut("k", s("before"), () => move(-1));
shortcut("o", s("open"), () => here()?.querySelector(".w-open").click());
shortcut("x", s("pick"), () => here() && pick(here()));
shortcut("a", s("take"), takeHere);
shortcut("Shift+a", s("take_all"), takeAll);
shortcut("/", s("find"), () => document.getElementById("q").focus());

follow(refresh, (on) => {
  live.textContent = on ? live.dataset.on : live.dataset.off;
  live.dataset.state = on ? "on" : "off";
});
setInterval(refresh, EVERY_MS);
document.documentElement.dataset.ready = "yes";
