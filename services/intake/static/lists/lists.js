// The list of tickets: rows by keyboard, what is picked, the file of this list, its link.

import { toast } from "/static/dialogs.js";
import { shortcut } from "/static/shortcuts.js";
import { s } from "/static/strings.js";
import { enhance } from "./picker.js";
import { offerBulk } from "./bulk.js";
import "./views.js";

const root = document.getElementById("lists");
const form = document.getElementById("search");
const bar = document.getElementById("bulk");
const most = Number(root.dataset.most);
const DENSE = "shaodao.lists.dense";
const FOLDED = "shaodao.lists.folded";

// our policy knows no style attributes, so htmx must not carry any over
htmx.config.attributesToSettle = ["class", "width", "height"];

for (const select of form.querySelectorAll("select[data-picker]")) enhance(select);

// ---- what is picked ----

const picked = new Map(); // ticket_id → {number, version}

function pick(row, on) {
  const box = row.querySelector(".pick");
  if (on && !picked.has(row.dataset.ticket) && picked.size >= most) {
    box.checked = false;
    toast(s("most", { n: most }), "bad");
    return;
  }
  box.checked = on;
  row.classList.toggle("is-picked", on);
  if (on) {
    picked.set(row.dataset.ticket, {
      number: row.dataset.number,
      version: Number(row.dataset.version),
    });
  } else {
    picked.delete(row.dataset.ticket);
  }
  showBar();
}

function showBar() {
  bar.hidden = picked.size === 0;
  document.getElementById("picked").textContent = s("picked", { n: picked.size });
}

function pickNone() {
  for (const row of rows()) pick(row, false);
  picked.clear();
  const all = document.getElementById("pick-all");
  if (all) all.checked = false;
  showBar();
}

root.addEventListener("change", (event) => {
  if (event.target.id === "pick-all") {
    event.stopPropagation();
    for (const row of rows()) {
      if (event.target.checked && picked.size >= most) break;
      pick(row, event.target.checked);
    }
  } else if (event.target.matches(".pick")) {
    event.stopPropagation();
    pick(event.target.closest("tr"), event.target.checked);
  }
});
document.getElementById("pick-none").addEventListener("click", pickNone);
offerBulk(bar, picked, () => {
  pickNone();
  htmx.trigger(form, "refresh");
});

// ---- rows by keyboard ----

function rows() {
  return [...document.querySelectorAll("#rows tr[data-ticket]")];
}

function current() {
  return document.activeElement?.closest?.("#rows tr[data-ticket]") ?? null;
}

function step(by) {
  const all = rows();
  if (all.length === 0) return;
  const at = all.indexOf(current());
  if (by > 0 && at === all.length - 1) {
    document.getElementById("more")?.focus();
    return;
  }
  const next = all[at === -1 ? 0 : Math.max(0, at + by)];
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

const free = () =>
  !document.activeElement?.closest?.("input:not([type=checkbox]), select, textarea, .picker, .menu");

shortcut("j", s("key_down"), () => step(1), { when: free });
shortcut("k", s("key_up"), () => step(-1), { when: free });
shortcut("ArrowDown", s("key_down"), () => step(1), { when: free });
shortcut("ArrowUp", s("key_up"), () => step(-1), { when: () => free() && current() !== null });
shortcut("Enter", s("key_open"), () => current().querySelector(".open").click(), {
  when: () => current() !== null && document.activeElement === current(),
});
shortcut("x", s("key_pick"), () => pick(current(), !current().querySelector(".pick").checked), {
  when: () => current() !== null,
});
shortcut("/", s("key_search"), () => {
  const box = document.getElementById("q");
  box.focus();
  box.select();
}, { when: free });

// ---- how it looks ----

function dense(on) {
  root.classList.toggle("is-dense", on);
  document.getElementById("density").setAttribute("aria-pressed", String(on));
}
dense(localStorage.getItem(DENSE) === "1");
document.getElementById("density").addEventListener("click", (event) => {
  const on = event.currentTarget.getAttribute("aria-pressed") !== "true";
  localStorage.setItem(DENSE, on ? "1" : "0");
  dense(on);
});

const toggle = document.getElementById("toggle-filters");
function fold(on) {
  document.getElementById("filters").hidden = on;
  toggle.setAttribute("aria-expanded", String(!on));
}
fold((localStorage.getItem(FOLDED) ?? (innerWidth < 960 ? "1" : "0")) === "1");
toggle.addEventListener("click", () => {
  const on = toggle.getAttribute("aria-expanded") === "true";
  localStorage.setItem(FOLDED, on ? "1" : "0");
  fold(on);
});

// ---- this list elsewhere: as a link, as a file ----

const results = () => document.getElementById("results");

function atList() {
  const address = results().dataset.canonical;
  const file = document.getElementById("export");
  if (file) file.href = file.dataset.base + (address ? `?${address}` : "");
  for (const link of root.querySelectorAll(".presets a")) {
    if (link.search.slice(1) === address) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  for (const row of rows()) {
    const again = picked.get(row.dataset.ticket);
    if (again) {
      row.querySelector(".pick").checked = true;
      row.classList.add("is-picked");
      again.version = Number(row.dataset.version);
    }
  }
}
atList();
document.addEventListener("htmx:afterSettle", (event) => {
  if (event.detail.elt.closest?.("#results, #rows") || event.detail.elt.id === "results") atList();
});
document.getElementById("copy-link").addEventListener("click", async () => {
  const address = results().dataset.canonical;
  const link = `${location.origin}/desk/tickets${address ? `?${address}` : ""}`;
  try {
    await navigator.clipboard.writeText(link);
    toast(s("copied"), "good");
  } catch {
    toast(link); // no clipboard without permission: shown, to be copied by hand
  }
});
