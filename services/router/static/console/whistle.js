// One whistle: its forms, what changed meanwhile, its live updates. What one wrote is never lost.

import { toast } from "/static/dialogs.js";
import { ask, Refused, send } from "/static/http.js";
import { follow } from "/static/live.js";
import { counted } from "/static/countdown.js";
import { forgetText, keepText, restoreText, sayWrong } from "/static/router/workbench/form.js";
import { fresh } from "/static/part.js";
import { shortcut } from "/static/shortcuts.js";
import { s, sentence } from "/static/strings.js";
import { drawMap } from "./map.js";
import { photosOf } from "./photos.js";
import { fromField } from "./times.js";

const live = document.getElementById("live");
const changed = document.getElementById("changed");
const diff = document.getElementById("diff");
const whole = () => document.getElementById("whole");
const id = () => whole().dataset.id;
let seen = Number(whole().dataset.seq); // up to where the reader was shown
let stale = false;

// ---- what each form says ----

const text = (form, name) => form.elements[name].value.trim();
const checked = (form, mark) => [...form.querySelectorAll(`[${mark}]:checked`)].map((each) => each.value);
const BODIES = {
  "take-overs": (form) => ({ reason: text(form, "reason") }),
  withdrawals: (form) => ({ reason: text(form, "reason") }),
  "own-efforts": (form) => ({ text: text(form, "text") }),
  releases: (form) => ({
    unit: form.elements.unit.value,
    decision: form.elements.decision?.value ?? "released",
    reason: text(form, "reason"),
  }),
  consultations: (form) => ({ words: text(form, "words"), decisions: decisions(form) }),
  acceptances: (form) => ({
    words: text(form, "words"),
    photos: form.photos.ids(),
    attended: checked(form, "data-attended"),
    resident_joined: form.elements.resident_joined.checked,
  }),
  "failed-acceptances": (form) => ({
    units: checked(form, "data-failed"),
    reason: text(form, "reason"),
    photos: form.photos.ids(),
    due: fromField(form.elements.due.value),
  }),
  evaluations: (form) => ({
    unit: form.elements.unit.value,
    ...Object.fromEntries(marks(form).map((field) => [field.name, Number(field.value)])),
    rating: form.elements.rating.value || null,
    solved: { yes: true, no: false }[form.elements.solved.value] ?? null,
    words: text(form, "words"),
  }),
};

const marks = (form) => [...form.querySelectorAll("[data-mark]")];

function decisions(form) {
  return [...form.querySelectorAll("[data-decision]")]
    .map(({ dataset: { decision: unit } }) => ({
      unit,
      action: text(form, `action-${unit}`),
      due: fromField(form.elements[`due-${unit}`].value),
    }))
    .filter(({ action, due }) => action || due);
}

function total(form) {
  const fields = marks(form);
  const filled = fields.filter((field) => field.value !== "");
  const sum = filled.reduce((so, field) => so + Number(field.value), 0);
  form.querySelector("[data-total]").textContent = filled.length === fields.length ? sum : "—";
}

// ---- opening and sending ----

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.open) open(document.getElementById(button.dataset.open), button);
  if (button.hasAttribute("data-close")) button.closest("dialog").close();
  if (button.id === "look") showDiff(null);
});

function open(dialog, { dataset: { unit, name } }) {
  const form = dialog.querySelector("form");
  restoreText(id(), form);
  if (unit) {
    form.elements.unit.value = unit;
    dialog.querySelector("[data-shown-unit]").textContent = name;
  }
  if (marks(form).length) total(form);
  dialog.showModal();
  form.querySelector("textarea, input:not([type=hidden], [type=file]), select")?.focus();
}

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-report]");
  if (!form) return;
  keepText(id(), form);
  if (marks(form).length) total(form);
});

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-report]");
  if (!form) return;
  event.preventDefault();
  if (form.photos?.pending()) {
    sayWrong(form, s("wait_files"));
    return;
  }
  form.querySelector(".form-error").hidden = true;
  const { address } = form.dataset;
  const buttons = [...form.querySelectorAll("button")];
  for (const each of buttons) each.disabled = true;
  try {
    await ask("POST", `/api/v1/whistles/${id()}/${address}`, BODIES[address](form));
    forgetText(id(), form);
    form.closest("dialog").close();
    toast(s("sent", { what: s(form.dataset.report === "kept" ? "kept" : address) }), "good");
    await refresh();
  } catch (error) {
    if (!(error instanceof Refused || error instanceof TypeError)) throw error;
    sayWrong(form, error instanceof Refused ? sentence(error.problem) : s("offline"));
    if (error.status === 409) await showDiff(error);
  } finally {
    for (const each of buttons) each.disabled = false;
  }
});

// ---- what changed meanwhile ----

async function showDiff(refusal) {
  const part = await fresh(`/console/${id()}/since?seq=${seen}`, "since");
  const why = document.getElementById("diff-why");
  why.hidden = !refusal;
  if (refusal) why.textContent = sentence(refusal.problem);
  document.getElementById("diff-what").replaceChildren(...(part ? [part] : []));
  seen = Number(part?.dataset.seq || seen);
  changed.hidden = true;
  stale = true;
  diff.showModal();
}

document.addEventListener("close", () => stale && refresh(), true);

const busy = () => Boolean(document.querySelector("dialog:modal"));

/** Show the whistle as it is now; while somebody writes, only say that it changed. */
async function refresh() {
  if (busy()) {
    stale = true;
    return;
  }
  const part = await fresh(location.pathname, "whole");
  if (!part || busy()) return;
  const focused = document.activeElement?.dataset?.open;
  const map = document.getElementById("map");
  part.querySelector("#map")?.replaceWith(map ?? "");
  whole().replaceWith(part);
  seen = Number(whole().dataset.seq);
  stale = false;
  changed.hidden = true;
  counted();
  dress();
  if (focused) document.querySelector(`[data-open="${focused}"]`)?.focus();
}

async function heard(ids) {
  if (ids && !ids.has(id())) return;
  if (!busy()) {
    await refresh();
    return;
  }
  const { status, data } = await send("GET", `/api/v1/whistles/${id()}`);
  if (status !== 200 || data.whistle.seq <= seen) return;
  const last = data.timeline.at(-1);
  changed.querySelector("span").textContent = s("changed", { what: `${last.name ?? ""} ${document.documentElement.lang === "en" ? last.what : last.zh}` });
  changed.hidden = false;
  stale = true;
  toast(s("changed_somehow"));
}

// ---- what a freshly shown whistle needs ----

function dress() {
  for (const form of document.querySelectorAll("form[data-report]")) {
    const input = form.querySelector("[data-photos]");
    if (input) form.photos = photosOf(input, form.querySelector("[data-shown]"));
  }
  showFiles();
}

async function showFiles() {
  const list = document.getElementById("files");
  const { status, data } = await send("GET", `/api/v1/files?whistle_id=${id()}`);
  if (status !== 200) return;
  list.replaceChildren(...data.items.map((file, index) => {
    const item = document.createElement("li");
    const link = Object.assign(document.createElement("a"), { href: file.url, target: "_blank", rel: "noopener" });
    const name = `${list.dataset.name} ${index + 1}`;
    if (file.thumb) link.append(Object.assign(new Image(), { src: file.thumb, alt: name, loading: "lazy" }));
    else link.textContent = `${name} (PDF)`;
    item.append(link);
    return item;
  }));
}

async function showMap() {
  const element = document.getElementById("map");
  if (!element) return;
  const map = await drawMap(element, { still: true });
  map.point(JSON.parse(document.getElementById("pin").textContent));
}

shortcut("u", s("back"), () => document.getElementById("back").click());
shortcut("a", s("first"), () => document.querySelector("#actions .btn-primary")?.click());

dress();
await showMap();
follow(heard, (on) => {
  live.textContent = on ? live.dataset.on : live.dataset.off;
  live.dataset.state = on ? "on" : "off";
});
document.documentElement.dataset.ready = "yes";
