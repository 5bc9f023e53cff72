// The page residents report on: everything typed is kept at once, and sent when it can be.

import { csrf } from "/static/http.js";
import { s } from "/static/strings.js";
import { all, forget, keep } from "./drafts.js";
import { clearNear, lookNear, unseen } from "./near.js";
import { outbox, send, show } from "./outbox.js";
import { photoList } from "./photos.js";
import { onPlace, setPoint, take } from "./place.js";
import { sendAll } from "./sending.js";

const form = document.getElementById("report");
const said = document.getElementById("said");
const line = document.getElementById("draft");
const lineWords = document.getElementById("draft-words");
const clear = document.getElementById("clear");
const key = form.elements.key;
const FIELDS = ["label", "text", "phone", "address", "lat", "lon", "joins"];
let timer = null;
let changes = 0; // what is on the page is kept when none came after it was
let sending = false; // what is being sent is no draft any more
let placeless = false; // asked once for a place; the second tap sends without

const photos = photoList(document.getElementById("photos"), {
  changed: () => {
    usePhotoPlace();
    changed();
  },
  refused: warn,
});

function fields() {
  const found = Object.fromEntries(FIELDS.map((name) => [name, form.elements[name].value.trim()]));
  found.confidential = form.elements.confidential.checked ? "true" : "";
  return found;
}

function labelName(code) {
  return document.querySelector(`label[for="label-${code}"] span`)?.textContent ?? code;
}

function warn(words) {
  said.textContent = words;
  said.hidden = false;
}

// ---- the draft ----

function changed() {
  changes += 1;
  line.dataset.saved = "no";
  clearTimeout(timer);
  timer = setTimeout(save, 400);
  said.hidden = true;
  lookNear(fields());
}

async function save() {
  clearTimeout(timer);
  const now = fields();
  const seen = changes;
  if (sending) return;
  if (!photos.count && !Object.values(now).some(Boolean)) return;
  await keep({ key: key.value, state: "draft", fields: now, photos: photos.parcels });
  if (seen === changes) line.dataset.saved = "yes";
  lineWords.textContent = s("saved");
  clear.textContent = s("clear");
  clear.hidden = false;
  line.hidden = false;
}

async function restore() {
  const drafts = (await all()).filter((parcel) => parcel.state === "draft");
  const draft = drafts.at(-1);
  if (!draft) return;
  key.value = draft.key;
  for (const name of FIELDS) if (name !== "joins") form.elements[name].value = draft.fields[name] ?? "";
  form.elements.confidential.checked = draft.fields.confidential === "true";
  photos.restore(draft.photos);
  if (draft.fields.lat) await take({ lat: Number(draft.fields.lat), lon: Number(draft.fields.lon) }, "place_pin");
  lineWords.textContent = s("saved");
  clear.textContent = s("clear");
  clear.hidden = false;
  line.hidden = false;
}

function anew() {
  clearTimeout(timer);
  form.reset();
  key.value = newKey();
  photos.clear();
  setPoint(null);
  clearNear();
  placeless = false;
  line.hidden = true;
  said.hidden = true;
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function usePhotoPlace() {
  const placed = photos.place;
  if (placed && !form.elements.lat.value && !form.elements.address.value.trim()) {
    take({ lat: placed.lat, lon: placed.lon }, "place_photo");
  }
}

// ---- sending ----

function missing(now) {
  if (!now.label) return s("need_label");
  if (!photos.count && now.text.length < 2) return s("need_more");
  if (!now.lat && !now.address && !placeless && photos.parcels.every((photo) => photo.photo_id)) {
    placeless = true;
    return s("no_place");
  }
  return unseen() ? s("look_near") : null;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const now = fields();
  const why = missing(now);
  if (why) return warn(why);
  const to = event.submitter?.value ?? "grid";
  warn(s("sending"));
  const mine = { key: key.value, state: "waiting", fields: { ...now, to }, photos: photos.parcels };
  for (const button of form.querySelectorAll("button[name=to]")) button.disabled = true;
  clearTimeout(timer);
  sending = true;
  try {
    await keep(mine); // from here on it is sent, whatever becomes of this page
    await photos.settled();
    mine.photos = photos.parcels;
    await keep(mine);
    anew();
    await show();
    let sent = null;
    const done = await sendAll((parcel) => {
      if (parcel.key === mine.key) sent = parcel;
    });
    if (sent?.state === "sent") {
      await forget(sent.key);
      location.assign(sent.url);
      return undefined;
    }
    if (sent?.state === "refused") warn(sent.why?.errors?.map((each) => each[document.documentElement.lang === "en" ? "en" : "zh"]).join("\n") ?? "");
    await show();
    if (!done) await send();
    window.scrollTo({ top: 0 });
  } finally {
    sending = false;
    for (const button of form.querySelectorAll("button[name=to]")) button.disabled = false;
  }
  return undefined;
});

for (const id of ["camera", "gallery"]) {
  document.getElementById(id).addEventListener("change", (event) => {
    photos.add(event.target.files);
    event.target.value = ""; // the same photo may be chosen again; the form itself sends none
  });
}
form.addEventListener("input", (event) => {
  if (event.target.type !== "file") changed();
});
onPlace(changed);
clear.addEventListener("click", async () => {
  await forget(key.value);
  anew();
});

// ---- without network ----

async function serve() {
  if (!("serviceWorker" in navigator)) return;
  await navigator.serviceWorker.register("/r/sw.js", { scope: "/r", type: "module" });
  const worker = await navigator.serviceWorker.ready;
  const parts = performance.getEntriesByType("resource").map((entry) => entry.name)
    .filter((name) => name.startsWith(`${location.origin}/static/`));
  const own = ["drafts", "near", "outbox", "photos", "place", "report", "sending"]
    .map((name) => `/static/intake/resident/${name}.js`);
  worker.active.postMessage({ keep: ["/r", "/static/keeping.js", ...new Set(parts), ...own] });
}

await restore();
await outbox(labelName);
await serve().catch((error) => {
  if (!(error instanceof TypeError) && error.name !== "SecurityError") throw error;
});
document.documentElement.dataset.ready = csrf() ? "yes" : "no";
