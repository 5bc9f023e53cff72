// One whistle: its forms, what changed meanwhile, its live updates. What one wrote is never lost.

import { toast } from "/static/dialogs.js";
import { ask, Refused } from "/static/http.js";
import { matter, showFiles } from "/static/router/matter.js";
import { forgetText, keepText, restoreText, sayWrong } from "/static/router/workbench/form.js";
import { shortcut } from "/static/shortcuts.js";
import { s, sentence } from "/static/strings.js";
import { drawMap } from "./map.js";
import { photosOf } from "./photos.js";
import { fromField } from "./times.js";

const { id, refresh, showDiff, begin } = matter({
  name: "whole",
  page: "/console",
  dress,
  moved: (part) => part.querySelector("#map")?.replaceWith(document.getElementById("map") ?? ""),
});

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

// ---- what a freshly shown whistle needs ----

function dress() {
  for (const form of document.querySelectorAll("form[data-report]")) {
    const input = form.querySelector("[data-photos]");
    if (input) form.photos = photosOf(input, form.querySelector("[data-shown]"));
  }
  showFiles(id());
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
begin();
