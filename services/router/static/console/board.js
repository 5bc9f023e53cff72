// The board: kept right by the live line, on list and map; the street's answer to a fresh whistle.

import { toast } from "/static/dialogs.js";
import { ask, Refused } from "/static/http.js";
import { follow } from "/static/live.js";
import { counted } from "/static/countdown.js";
import { sayWrong } from "/static/router/workbench/form.js";
import { fresh } from "/static/part.js";
import { shortcut } from "/static/shortcuts.js";
import { s, sentence } from "/static/strings.js";
import { drawMap } from "./map.js";

const live = document.getElementById("live");
const filters = document.getElementById("filters");
const because = document.getElementById("because");
const form = because.querySelector("form");
const map = document.getElementById("map");
const board = () => document.getElementById("board");
let drawn = null;

async function refresh() {
  const query = new URLSearchParams(new FormData(filters));
  const part = await fresh(`/console?${query}`, "board");
  if (!part) return;
  const focused = where(document.activeElement);
  const before = new Map([...document.querySelectorAll(".c-item")].map((each) => [each.dataset.id, each.dataset.seq]));
  part.querySelector("#map-place").append(map);
  board().replaceWith(part);
  counted();
  for (const each of document.querySelectorAll(".c-item")) {
    if (before.get(each.dataset.id) !== each.dataset.seq) each.classList.add("c-changed");
  }
  if (focused) document.querySelector(focused)?.focus();
  showPins();
}

/** How to find the focused thing of the board again once it is drawn anew. */
function where(element) {
  const item = element?.closest?.("[data-id], [data-fresh]");
  if (!item || !board().contains(element)) return null;
  if (element.dataset.what) return `[data-what="${element.dataset.what}"][data-id="${element.dataset.id}"]`;
  return item.dataset.id ? `.c-item[data-id="${item.dataset.id}"] h2 a` : `[data-fresh="${item.dataset.fresh}"] a`;
}

function showPins() {
  const pins = JSON.parse(document.getElementById("pins").textContent);
  drawn?.show(pins, (pin) => `${pin.title} · ${s(`stage_${pin.late ? "late" : pin.stage}`)}`);
}

// ---- the street's answer ----

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.hasAttribute("data-close")) button.closest("dialog").close();
  if (button.dataset.view) view(button.dataset.view);
  if (button.dataset.open !== "because") return;
  const { what, id, title } = button.dataset;
  form.dataset.what = what;
  form.dataset.id = id;
  form.querySelector(".form-error").hidden = true;
  document.getElementById("because-h").textContent = `${s(what)} · ${title}`;
  document.getElementById("because-hint").textContent = s(`${what}_hint`);
  document.getElementById("because-ok").textContent = s(what);
  because.showModal();
  form.elements.reason.focus();
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const ok = document.getElementById("because-ok");
  const { what, id } = form.dataset;
  ok.disabled = true;
  try {
    await ask("POST", `/api/v1/whistles/${id}/${what}`, { reason: form.elements.reason.value.trim() });
    form.reset();
    because.close();
    toast(s("sent", { what: s(what) }), "good");
    await refresh();
  } catch (error) {
    if (!(error instanceof Refused || error instanceof TypeError)) throw error;
    sayWrong(form, error instanceof Refused ? sentence(error.problem) : s("offline")); // the reason stays
    if (error.status === 409) await refresh();
  } finally {
    ok.disabled = false;
  }
});

function view(name) {
  document.body.dataset.view = name;
  for (const each of document.querySelectorAll("[data-view]")) {
    if (each !== document.body) each.setAttribute("aria-pressed", String(each.dataset.view === name));
  }
}

filters.addEventListener("change", () => {
  history.replaceState(null, "", `/console?${new URLSearchParams(new FormData(filters))}`);
  refresh();
});
filters.addEventListener("submit", (event) => event.preventDefault());

function step(by) {
  const links = [...document.querySelectorAll(".c-item h2 a")];
  const at = links.indexOf(document.activeElement);
  links[Math.min(Math.max(at + by, 0), links.length - 1)]?.focus();
}

shortcut("n", s("blow"), () => document.getElementById("blow-link")?.click());
shortcut("j", s("next"), () => step(1));
shortcut("k", s("before"), () => step(-1));
shortcut("m", s("map"), () => view(document.body.dataset.view === "map" ? "list" : "map"));

document.getElementById("map-place").append(map);
view("list");
drawn = await drawMap(map);
showPins();
follow(refresh, (on) => {
  live.textContent = on ? live.dataset.on : live.dataset.off;
  live.dataset.state = on ? "on" : "off";
});
document.documentElement.dataset.ready = "yes";
