// The fields of the form: read as a draft keeps them, written back, made a ticket, told what is wrong.

import { language } from "/static/strings.js";

const form = document.getElementById("form");
const TEXTS = [
  "phone", "name", "confidential", "description", "address", "urgency_reason", "line",
  "occurred_at", "article", "reply",
];
const CHOICES = ["language", "type", "urgency"];

/** What has no field of its own: the place as it was found, the photos as they were uploaded. */
export const place = { region: "", lat: null, lon: null };
export const photos = new Map(); // photo_id → thumb address

const listeners = [];

/** Call `act` after every change of the form, by hand or by program. */
export function onChange(act) {
  listeners.push(act);
}

export function changed() {
  for (const act of listeners) act();
}

form.addEventListener("input", changed);
form.addEventListener("change", changed);

/** The field of that name; a radio group's is a RadioNodeList. */
export function field(name) {
  return form.elements.namedItem(name);
}

/** The form as a draft keeps it. */
export function read() {
  const state = {};
  for (const name of [...TEXTS, ...CHOICES]) state[name] = field(name).value;
  state.category = field("category").value;
  state.agrees_to_contact = field("agrees_to_contact").checked;
  state.no_location = field("no_location").checked;
  return { ...state, ...place, title: "", photos: [...photos.keys()] };
}

/** Fill the form from a draft; {} empties it. */
export function write(state) {
  for (const name of TEXTS) field(name).value = state[name] ?? "";
  for (const name of CHOICES) choose(name, state[name] || (name === "language" ? "zh" : ""));
  field("category").value = state.category ?? "";
  field("agrees_to_contact").checked = Boolean(state.agrees_to_contact);
  field("no_location").checked = Boolean(state.no_location);
  place.region = state.region ?? "";
  place.lat = state.lat ?? null;
  place.lon = state.lon ?? null;
  photos.clear();
  for (const photoId of state.photos ?? []) photos.set(photoId, "");
  clearErrors();
  changed();
}

/** Choose one of a radio group; "" chooses none. */
export function choose(name, value) {
  for (const radio of form.querySelectorAll(`input[name="${name}"]`)) {
    radio.checked = radio.value === value;
  }
}

/** Whether anything stands in it that would be missed; a number alone comes with the call. */
export function isEmpty() {
  const state = read();
  const words = [
    "name", "description", "address", "category", "type", "urgency", "urgency_reason", "reply",
  ];
  return words.every((name) => !state[name]) && photos.size === 0 && state.lat === null;
}

/** The ticket that the form asks for. */
export function ticket() {
  const state = read();
  const where = {};
  if (state.address.trim()) where.address = state.address.trim();
  if (state.region) where.region = state.region;
  if (state.lat !== null) Object.assign(where, { lat: state.lat, lon: state.lon });
  if (state.no_location) where.no_location = true;
  const reporter = { agrees_to_contact: state.agrees_to_contact };
  if (state.name.trim()) reporter.name = state.name.trim();
  if (state.phone.trim()) reporter.phone = state.phone.trim();
  if (state.confidential) reporter.confidential = state.confidential === "yes";
  const made = {
    channel: "hotline",
    description: state.description.trim(),
    place: where,
    reporter,
  };
  for (const name of ["type", "category", "urgency", "line"]) if (state[name]) made[name] = state[name];
  if (state.occurred_at) made.occurred_at = `${state.occurred_at}:00+08:00`; // the city's clock
  if (state.photos.length) made.photos = state.photos;
  return made;
}

// where an error of the server's stands on the page
const PLACES = {
  "reporter.phone": "phone", "reporter.name": "name", "text": "reply", "answer.text": "reply",
  "answer.article": "reply", "article": "reply",
};

function spot(name) {
  const plain = name.replace(/^ticket\./, "");
  if (PLACES[plain]) return PLACES[plain];
  const head = plain.split(/[.[]/)[0];
  return document.getElementById(`wrong-${head}`) ? head : "description";
}

/** Show each error beside its field and go to the first. */
export function showErrors(errors) {
  clearErrors();
  let first = null;
  for (const error of errors) {
    const where = spot(error.field);
    const words = document.getElementById(`wrong-${where}`);
    const text = language === "en" ? error.en : error.zh;
    words.textContent = (words.hidden ? "" : `${words.textContent} `) + text.replace(/^[\w.[\]]+[：:]\s*/, "");
    words.hidden = false;
    const input = inputOf(where);
    input?.setAttribute("aria-invalid", "true");
    const order = [...form.elements].indexOf(input);
    if (input && (first === null || order < first.order)) first = { input, order };
  }
  first?.input.focus();
}

function inputOf(where) {
  const ids = { place: "address", photos: "photo", type: null };
  const id = where in ids ? ids[where] : where;
  return id ? document.getElementById(id) : form.querySelector(`input[name="${where}"]`);
}

export function clearErrors() {
  for (const words of form.querySelectorAll("[data-wrong]")) {
    words.hidden = true;
    words.textContent = "";
  }
  for (const input of form.querySelectorAll("[aria-invalid]")) input.removeAttribute("aria-invalid");
}
