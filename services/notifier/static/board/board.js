// The board: kept right by the live line; the chart beside the table, filters, saved boards.

import { confirmed, tell, toast } from "/static/dialogs.js";
import { ask, Refused } from "/static/http.js";
import { counted } from "/static/countdown.js";
import { follow } from "/static/live.js";
import { fresh } from "/static/part.js";
import { shortcut } from "/static/shortcuts.js";
import { s, sentence } from "/static/strings.js";
import { chartOf } from "./chart.js";

const AGAIN_MS = [2000, 6000]; // what is counted behind the promises comes a moment later
const LOOK_MS = 15_000;
const live = document.getElementById("live");
const filters = document.getElementById("filters");
const box = document.getElementById("chart");
const board = () => document.getElementById("board");
const draw = chartOf(box, (unit) => location.assign(`/board/list?${query({ what: "late", unit })}`));
let again = [];

function query(more = {}) {
  const values = new URLSearchParams([...new FormData(filters)].filter(([, value]) => value));
  for (const [key, value] of Object.entries(more)) values.set(key, value);
  return values;
}

async function refresh() {
  const part = await fresh(`/board?${query()}`, "board");
  if (!part) return;
  const before = numbers(board());
  const focused = where(document.activeElement);
  const tops = [...board().querySelectorAll(".sheet")].map((each) => each.scrollTop);
  part.querySelector("#chart-place").append(box);
  board().replaceWith(part);
  [...part.querySelectorAll(".sheet")].forEach((each, n) => (each.scrollTop = tops[n] ?? 0));
  counted();
  for (const [key, node] of nodes(part)) {
    if (before.get(key) !== undefined && before.get(key) !== node.textContent) node.classList.add("b-changed");
  }
  if (focused) document.querySelector(focused)?.focus({ preventScroll: true });
  drawNow();
}

const nodes = (part) => [...part.querySelectorAll("[data-figure], [data-unit] td:nth-child(2)")].map(
  (node) => [node.dataset.figure ?? node.closest("[data-unit]").dataset.unit, node],
);
const numbers = (part) => new Map(nodes(part).map(([key, node]) => [key, node.textContent]));

/** How to find the focused thing of the board again once it is drawn anew. */
function where(element) {
  if (!element || !board().contains(element)) return null;
  const address = element.getAttribute("href");
  return address ? `#board a[href="${CSS.escape(address)}"]` : null;
}

function drawNow() {
  draw(JSON.parse(document.getElementById("chart-data").textContent));
}

function changed() {
  again.forEach(clearTimeout);
  again = AGAIN_MS.map((ms) => setTimeout(refresh, ms));
  return refresh();
}

filters.addEventListener("change", () => {
  const chosen = query();
  history.replaceState(null, "", chosen.size ? `/board?${chosen}` : "/board");
  document.getElementById("export").href = chosen.size ? `/board.csv?${chosen}` : "/board.csv";
  refresh();
});
filters.addEventListener("submit", (event) => event.preventDefault());

// ---- saved boards ----

document.getElementById("save-view").addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const wrong = form.querySelector(".form-error");
  wrong.hidden = true;
  try {
    const view = await ask("POST", "/api/v1/board/views", { name: form.elements.name.value, query: String(query()) });
    show(view);
    form.reset();
    toast(s("view_saved", { name: view.name }), "good");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    wrong.textContent = sentence(error.problem);
    wrong.hidden = false;
  }
});

function show(view) {
  const list = document.getElementById("views");
  list.querySelector(":scope > p.muted")?.remove();
  const old = [...list.querySelectorAll(".b-view")].find((each) => each.querySelector("a").textContent === view.name);
  const line = document.createElement("p");
  line.className = "b-view";
  const link = document.createElement("a");
  link.href = view.query ? `/board?${view.query}` : "/board";
  link.textContent = view.name;
  const forget = document.createElement("button");
  forget.type = "button";
  forget.dataset.forget = view.view_id;
  forget.setAttribute("aria-label", s("forget_view", { name: view.name }));
  forget.textContent = "×";
  line.append(link, forget);
  if (old) old.replaceWith(line);
  else list.prepend(line);
}

document.getElementById("views").addEventListener("click", async (event) => {
  const button = event.target.closest("[data-forget]");
  if (!button) return;
  const line = button.closest(".b-view");
  const name = line.querySelector("a").textContent;
  if (!(await confirmed(s("forget_sure", { name }), { yes: s("forget"), danger: true }))) return;
  try {
    await ask("DELETE", `/api/v1/board/views/${button.dataset.forget}`);
    line.remove();
  } catch (error) {
    tell(error);
  }
});

// ---- keys ----

function step(by) {
  const links = [...document.querySelectorAll(".b-units tbody th a")];
  const at = links.indexOf(document.activeElement);
  links[Math.min(Math.max(at + by, 0), links.length - 1)]?.focus();
}

shortcut("j", s("key_next"), () => step(1));
shortcut("k", s("key_before"), () => step(-1));
shortcut("o", s("key_late"), () => document.querySelector("[data-figure=overdue]").closest("a").click());
shortcut("f", s("key_filters"), () => filters.querySelector("select").focus());

document.getElementById("chart-place").append(box);
drawNow();
addEventListener("resize", drawNow);
follow(changed, (on) => {
  live.textContent = on ? live.dataset.on : live.dataset.off;
  live.dataset.state = on ? "on" : "off";
});
setInterval(() => document.hidden || refresh(), LOOK_MS);
document.documentElement.dataset.ready = "yes";
