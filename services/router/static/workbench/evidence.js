// Photos and papers of a form, and where it is filled in: uploaded at once, or sent with the report.

import { Refused } from "/static/http.js";
import { s, sentence } from "/static/strings.js";
import { upload } from "./reports.js";

/** Make the file fields of a form work. */
export function startFiles(form, whistleId) {
  const box = form.querySelector("[data-files]");
  if (!box) return;
  form.files = [];
  const input = box.querySelector("input[type=file]");
  input.addEventListener("change", () => {
    for (const blob of input.files) add(form, box, blob, whistleId);
    input.value = "";
  });
}

function add(form, box, blob, whistleId) {
  const kinds = box.querySelector("[data-kinds]");
  const kind = kinds?.value ?? (box.dataset.evidence || null);
  const file = { blob, kind, label: kinds?.selectedOptions[0]?.textContent ?? "" };
  form.files.push(file);
  file.node = item(form, box, file);
  box.querySelector("[data-shown]").append(file.node);
  // evidence is named by its hash, so it must have arrived; photos of an arrival may wait
  if (box.hasAttribute("data-evidence")) file.work = arrive(form, box, file, whistleId);
}

function item(form, box, file) {
  const node = document.createElement("li");
  if (file.blob.type.startsWith("image/")) {
    file.shown = URL.createObjectURL(file.blob);
    node.append(Object.assign(new Image(), { src: file.shown, alt: file.label || file.blob.name }));
  } else {
    node.append(Object.assign(document.createElement("span"), { textContent: file.blob.name }));
  }
  const state = Object.assign(document.createElement("small"), { textContent: file.label });
  const away = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: s("remove") });
  away.addEventListener("click", () => {
    form.files = form.files.filter((each) => each !== file);
    URL.revokeObjectURL(file.shown);
    node.remove();
    check(form, box);
  });
  file.state = state;
  node.append(state, away);
  return node;
}

async function arrive(form, box, file, whistleId) {
  file.state.textContent = s("uploading");
  try {
    file.kept = await upload(whistleId, file.blob);
    file.state.textContent = `${file.label} · ${s("uploaded")}`;
  } catch (error) {
    const why = error instanceof Refused ? sentence(error.problem) : s("offline");
    file.failed = true;
    file.state.textContent = s("upload_failed", { why });
    if (!(error instanceof Refused) && !(error instanceof TypeError)) throw error;
  }
  check(form, box);
}

/** Tick what the checklist asks for and is there. */
function check(form) {
  const there = new Set(form.files.filter((file) => file.kept).map((file) => file.kind));
  for (const each of form.querySelectorAll(".w-check")) each.classList.toggle("w-checked", there.has(each.dataset.kind));
}

/** The files of a form: evidence that has arrived, blobs that go with the report, and whether one is under way. */
export function filesOf(form) {
  const files = form.files ?? [];
  const named = files.filter((file) => file.kind !== null);
  return {
    pending: named.some((file) => !file.kept && !file.failed),
    evidence: named.filter((file) => file.kept).map(({ kind, kept }) => ({ kind, sha256: kept.sha256, taken_at: kept.taken_at })),
    blobs: files.filter((file) => file.kind === null).map((file) => file.blob),
  };
}

/** Find out where the form is filled in; `form.where` is {lat, lon} once known. */
export function locate(form) {
  const told = form.querySelector("[data-where]");
  form.where = {};
  const found = ({ coords }) => {
    form.where = { lat: coords.latitude, lon: coords.longitude };
    told.textContent = s("located", { n: Math.round(coords.accuracy) });
  };
  const lost = () => (told.textContent = s("not_located"));
  if (!("geolocation" in navigator)) return lost();
  return navigator.geolocation.getCurrentPosition(found, lost, { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 });
}
