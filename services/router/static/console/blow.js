// One screen to blow a whistle on, in under a minute; the draft stays in this browser until sent.

import { ask, Refused } from "/static/http.js";
import { choose, itemsOf } from "/static/router/choose.js";
import { isComposing, shortcut } from "/static/shortcuts.js";
import { language, s } from "/static/strings.js";
import { calledUnits } from "./called.js";
import { fault, faultsOf } from "./faults.js";
import { drawMap } from "./map.js";
import { photosOf } from "./photos.js";
import { suggestions } from "./suggestions.js";
import { ticketsOf } from "./tickets.js";
import { ahead, clockFrom, fromField, tomorrowAtNine, toField } from "./times.js";

const BLANK = /\{[^{}]*\}/; // of a phrase, not filled in yet
const SOON = { half: 30, hour: 60 };
const form = document.getElementById("blow");
const field = (name) => form.elements[name];
const by = (id) => document.getElementById(id);
const setting = itemsOf("setting");
const units = itemsOf("units");
const categories = itemsOf("categories");
const names = new Map(units.map(({ value, label }) => [value, label]));
const KEEP = `shaodao-blow:${setting.keep}`;
const clock = clockFrom(setting.now, setting.rate);
const sending = { key: newKey(), busy: false };
let category = null;
let point = null; // {lat, lon}
let grid = null; // of the point
let map = null;
let begun = false;

function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (each) => each.toString(16).padStart(2, "0")).join("");
}

const called = calledUnits(by("units-shown"), {
  nameOf: (unit) => names.get(unit) ?? unit,
  onChange: () => {
    showCross();
    keep();
  },
});
const { right, wrong } = faultsOf(form, called);
const photos = photosOf(by("b-photos"), by("photos-shown"), keep);
const tickets = ticketsOf(by("b-ticket"), by("tickets-shown"), keep);

// ---- the kind, its phrases, what it asks for ----

const kind = () => field("kind").value;

function showKind() {
  by("kind-hint").textContent = setting.hints[kind()];
  const needed = setting.effort && kind() !== "emergency";
  by("effort-must").hidden = !needed;
  by("b-effort").required = needed;
  by("effort-hint").textContent = !setting.effort ? s("effort_optional") : needed ? s("effort_needed") : setting.effort_later;
  const mine = setting.phrases.filter((phrase) => phrase.kind === kind());
  by("phrases").replaceChildren(...mine.map((phrase) => {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: language === "en" ? phrase.en : phrase.zh });
    button.addEventListener("click", () => usePhrase(phrase));
    return button;
  }));
}

function usePhrase(phrase) {
  const place = field("address").value.trim() || by("b-region").selectedOptions[0]?.textContent.trim() || "";
  const at = toField(clock()).slice(11);
  const filled = (text) => text.replaceAll("{地点}", place || "{地点}").replaceAll("{时间}", at);
  if (!field("title").value) field("title").value = filled(phrase.title);
  const summary = field("summary");
  summary.value = [summary.value.trim(), filled(phrase.text)].filter(Boolean).join("\n");
  if (phrase.category && !category) setCategory(phrase.category);
  toBlank(summary);
  suggestSoon();
  keep();
}

/** Put the cursor on the first blank, to be typed over. */
function toBlank(area) {
  const blank = BLANK.exec(area.value);
  area.focus();
  if (blank) area.setSelectionRange(blank.index, blank.index + blank[0].length);
}

function setCategory(code) {
  category = code || null;
  by("b-category").value = categories.find(({ value }) => value === code)?.label ?? "";
}

// ---- the place ----

function showRegions() {
  const select = by("b-region");
  const before = select.value;
  const abroad = field("cross_district").checked;
  const mine = setting.regions.filter((region) => region.own);
  const shown = abroad ? setting.regions : mine;
  select.replaceChildren(...(mine.length === 1 ? [] : [new Option(s("choose_region"), "")]), ...shown.map((region) => new Option(region.name, region.code)));
  if (shown.some((region) => region.code === before)) select.value = before;
}

function showCompounds() {
  const region = field("region").value;
  by("compounds").replaceChildren(...setting.compounds.filter((each) => !region || each.region === region).map((each) => new Option(each.name)));
}

const compoundTyped = () => setting.compounds.find((each) => each.name === field("address").value.trim());

function place() {
  const compound = compoundTyped();
  return {
    region: grid ?? (field("region").value || compound?.region || null),
    address: field("address").value.trim() || null,
    compound: compound?.name ?? null,
    ...(point ?? {}),
  };
}

async function pick(at, { follow = false } = {}) {
  point = at;
  grid = null;
  map.point(at, { follow });
  by("no-point").hidden = false;
  const found = await ask("GET", `/console/at?lat=${at.lat}&lon=${at.lon}`);
  const known = setting.regions.find((region) => region.code === found.community);
  if (!known) by("point").textContent = s("point_outside");
  else if (!known.own && !field("cross_district").checked) by("point").textContent = s("point_abroad", { name: found.name });
  else {
    grid = found.grid;
    field("region").value = found.community;
    by("point").textContent = s("point_in", { name: found.name, grid: found.grid.slice(-3) });
    showCompounds();
  }
  suggestSoon();
  keep();
}

function noPoint() {
  point = grid = null;
  map?.point(null);
  by("no-point").hidden = true;
  by("point").textContent = s("tap_map");
  keep();
}

function locate() {
  by("point").textContent = s("locating");
  const found = ({ coords }) => pick({ lat: Number(coords.latitude.toFixed(6)), lon: Number(coords.longitude.toFixed(6)) }, { follow: true });
  const lost = () => (by("point").textContent = s("not_located"));
  if (!navigator.geolocation) return lost();
  return navigator.geolocation.getCurrentPosition(found, lost, { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 });
}

// ---- whom to call ----

const suggestSoon = suggestions({
  draft: () => {
    const { region, address, compound } = place();
    return { category, region, address, compound };
  },
  add: setting.only ? null : called.add,
});

function showCross() {
  const abroad = called.units().filter((unit) => setting.district && setting.districts[unit] && districtOf(unit) !== setting.district && districtOf(unit));
  const on = field("cross_district").checked;
  const hint = by("cross-hint");
  const lacks = abroad.length > 0 && !on;
  hint.textContent = lacks ? s("cross_needed", { units: abroad.map((unit) => names.get(unit)).join(s("and")) }) : s(on ? "cross_on" : "cross_off");
  hint.classList.toggle("form-error", lacks);
}

/** A unit's district; none for one of the whole city. */
function districtOf(unit) {
  return setting.districts[unit];
}

// ---- the muster ----

function muster() {
  const when = field("when").value;
  const where = field("muster_place").value.trim() || null;
  let at = null;
  if (when in SOON) at = ahead(clock(), SOON[when]).toISOString();
  else if (when === "tomorrow") at = tomorrowAtNine(clock()).toISOString();
  else if (when === "other") at = fromField(field("at").value);
  return at || where ? { at, place: where } : null;
}

function showWhen() {
  by("at-box").hidden = field("when").value !== "other";
  if (field("when").value === "other" && !field("at").value) field("at").value = toField(ahead(clock(), 60));
}

// ---- the draft ----

const PLAIN = ["kind", "title", "summary", "own_effort", "why_beyond", "region", "address", "when", "at", "muster_place", "urgency", "on_behalf_of"];

function keep() {
  if (sending.busy || !begun) return;
  const draft = {
    key: sending.key,
    plain: Object.fromEntries(PLAIN.map((name) => [name, field(name).value])),
    cross: field("cross_district").checked,
    category,
    point,
    grid,
    units: called.body(),
    tickets: tickets.kept(),
    photos: photos.kept(),
  };
  localStorage.setItem(KEEP, JSON.stringify(draft));
  by("draft").textContent = s("draft_kept");
}

function restore() {
  const kept = localStorage.getItem(KEEP);
  if (!kept) return;
  const draft = JSON.parse(kept);
  sending.key = draft.key;
  field("cross_district").checked = draft.cross;
  showRegions();
  for (const [name, value] of Object.entries(draft.plain)) field(name).value = value;
  setCategory(draft.category);
  ({ point, grid } = draft);
  for (const unit of draft.units) called.add({ ...unit, task: unit.task ?? "" });
  tickets.restore(draft.tickets);
  photos.restore(draft.photos);
  if (draft.tickets.length || draft.plain.why_beyond) by("more").open = true;
  by("draft").textContent = s("draft_back");
}

function clear() {
  localStorage.removeItem(KEEP);
  form.reset();
  called.clear();
  photos.clear();
  tickets.clear();
  setCategory(null);
  noPoint();
  localStorage.removeItem(KEEP);
  sending.key = newKey();
  begin();
  by("draft").textContent = "";
  field("kind")[0]?.focus();
}

// ---- sending ----

function body() {
  return {
    kind: kind(),
    title: field("title").value.trim(),
    summary: field("summary").value.trim(),
    own_effort: field("own_effort").value.trim() || null,
    why_beyond: field("why_beyond").value.trim() || null,
    place: place(),
    muster: muster(),
    units: called.body(),
    tickets: tickets.ids(),
    category,
    urgency: field("urgency").value || null,
    on_behalf_of: field("on_behalf_of").value.trim() || null,
    cross_district: field("cross_district").checked,
    attachments: photos.ids(),
  };
}

async function blow() {
  if (sending.busy) return;
  right();
  const missing = photos.pending() ? [fault("attachments", "wait_files")] : lacks();
  if (missing.length) {
    wrong({ errors: missing });
    return;
  }
  sending.busy = true;
  by("send").disabled = true;
  try {
    const { whistle_id } = await ask("POST", "/api/v1/whistles", body(), { "Idempotency-Key": sending.key });
    localStorage.removeItem(KEEP);
    location.assign(`/console/${whistle_id}?blown=1`);
  } catch (error) {
    if (!(error instanceof Refused || error instanceof TypeError)) throw error;
    sending.busy = false;
    by("send").disabled = false;
    keep();
    wrong(error instanceof Refused ? told(error.problem) : { errors: [fault("", "offline")] });
  }
}

/** A refusal; where an earlier try had arrived after all, what to do now. */
function told(problem) {
  return problem.code === "idempotency_key_reused" ? { errors: [fault("", "sent_before")] } : problem;
}

/** What must be there before anything is sent. */
function lacks() {
  const found = [];
  const title = field("title").value.trim();
  const summary = field("summary").value.trim();
  if (title.length < 2) found.push(fault("title", "need_title"));
  else if (BLANK.test(title)) found.push(fault("title", "blanks"));
  if (summary.length < 2) found.push(fault("summary", "need_summary"));
  else if (BLANK.test(summary)) found.push(fault("summary", "blanks"));
  if (by("b-effort").required && !field("own_effort").value.trim()) found.push(fault("own_effort", "effort_needed"));
  const { region, address, lat } = place();
  if (!region && !address && lat === undefined) found.push(fault("place.region", "need_place"));
  if (!called.units().length) found.push(fault("units", "need_units"));
  return found;
}

// ---- begin ----

function begin() {
  showRegions();
  if (setting.only && !called.units().length) called.add({ unit: setting.only, relation: "lead" });
  by("b-unit").closest(".choose-box").hidden = Boolean(setting.only);
  showKind();
  showWhen();
  showCompounds();
  showCross();
}

choose(by("b-category"), categories, (item) => {
  setCategory(item.value);
  suggestSoon();
  keep();
});
choose(by("b-unit"), units, (item) => {
  by("b-unit").value = "";
  called.add({ unit: item.value });
});
form.addEventListener("input", (event) => {
  if (event.target.id === "b-category" && !event.target.value.trim()) category = null;
  if (event.target.name === "address" || event.target.name === "region") suggestSoon();
  keep();
});
form.addEventListener("change", (event) => {
  const { name } = event.target;
  if (name === "kind") showKind();
  if (name === "when") showWhen();
  if (name === "cross_district") {
    showRegions();
    showCross();
  }
  if (name === "region") {
    grid = null;
    showCompounds();
    const chosen = map?.names.find((each) => each.name === event.target.selectedOptions[0]?.textContent);
    if (chosen && !point) map.look(chosen);
  }
  if (name === "address" && compoundTyped() && !field("region").value) field("region").value = compoundTyped().region;
  keep();
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  blow();
});
form.addEventListener("keydown", (event) => {
  // Enter in a line is not the end of the whistle
  if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && event.target.matches("input:not([type=submit])") && !isComposing(event)) event.preventDefault();
});
by("locate").addEventListener("click", locate);
by("no-point").addEventListener("click", noPoint);
by("clear").addEventListener("click", clear);
by("more").addEventListener("toggle", () => by("more").open && tickets.offer());

const choices = [...form.querySelectorAll("[name=kind]")];
choices.forEach((radio, place_) => {
  const take = () => {
    radio.checked = true;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
    radio.focus();
  };
  const words = radio.nextElementSibling.textContent.trim().slice(1).trim();
  shortcut(String(place_ + 1), words, take);
  shortcut(`Alt+${place_ + 1}`, words, take);
});
shortcut("Ctrl+Enter", s("send"), blow);

restore();
begin();
begun = true;
suggestSoon();
if (!field("title").value) choices.find((radio) => radio.checked)?.focus();
map = await drawMap(by("map"), { onPick: pick });
if (point) {
  map.point(point);
  by("no-point").hidden = false;
}
document.documentElement.dataset.ready = "yes";
