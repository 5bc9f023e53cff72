// Sends what waits: photos first, then the report, under a key that makes it one ticket however often
// it is sent. Used by the page and by the service worker; a lock keeps them from doing it both at once.

import { all, find, keep } from "./drafts.js";

const WAITS = new Set([408, 425, 429, 500, 502, 503, 504]);

async function token() {
  const answer = await fetch("/r/session", { credentials: "same-origin", cache: "no-store" });
  if (!answer.ok) throw new TypeError("no session");
  return (await answer.json()).csrf;
}

function headers(csrf) {
  return { Accept: "application/json", "X-CSRF-Token": csrf };
}

async function problem(answer) {
  const type = answer.headers.get("Content-Type") ?? "";
  return type.includes("json") ? await answer.json() : { zh: `${answer.status}`, en: `${answer.status}` };
}

/** Upload one photo of a parcel, if it is not there yet; throws TypeError without network. */
async function uploadWith(csrf, photo) {
  if (photo.photo_id) return null;
  const form = new FormData();
  form.append("file", photo.blob, "photo");
  const answer = await fetch("/r/photos", {
    method: "POST", body: form, headers: headers(csrf), credentials: "same-origin",
  });
  if (!answer.ok) return { status: answer.status, problem: await problem(answer) };
  const { photo_id: photoId, lat, lon, place } = await answer.json();
  Object.assign(photo, { photo_id: photoId, lat, lon, place });
  return null;
}

/** The form of a parcel. */
function formOf(parcel) {
  const form = new FormData();
  form.append("key", parcel.key);
  for (const [name, value] of Object.entries(parcel.fields)) {
    if (value !== null && value !== undefined && value !== "") form.append(name, value);
  }
  const { lat, lon } = parcel.fields;
  if (!lat && !lon) {
    const placed = parcel.photos.find((photo) => typeof photo.lat === "number");
    if (placed && !parcel.fields.address) {
      form.append("lat", placed.lat);
      form.append("lon", placed.lon);
    }
  }
  for (const photo of parcel.photos) form.append("photo", photo.photo_id);
  return form;
}

async function sendOne(parcel, csrf) {
  for (const photo of parcel.photos) {
    const refused = await uploadWith(csrf, photo);
    if (refused) return settle(parcel, refused);
    await keep(parcel); // what is uploaded is not uploaded again
  }
  const answer = await fetch("/r/reports", {
    method: "POST", body: formOf(parcel), headers: headers(csrf), credentials: "same-origin",
  });
  if (!answer.ok) return settle(parcel, { status: answer.status, problem: await problem(answer) });
  const { number, url } = await answer.json();
  return { ...parcel, state: "sent", number, url, photos: [], why: null };
}

function settle(parcel, { status, problem: why }) {
  return { ...parcel, state: WAITS.has(status) ? "waiting" : "refused", why };
}

/**
 * Send everything that waits, one after the other. Answers true when nothing waits any more;
 * without network it stays as it is. `told` is called with each parcel that changed.
 */
export async function sendAll(told = () => {}) {
  const work = async () => {
    const waiting = (await all()).filter((parcel) => parcel.state === "waiting");
    if (!waiting.length) return true;
    let csrf;
    try {
      csrf = await token();
      for (const { key } of waiting) {
        const parcel = await find(key);
        if (parcel?.state !== "waiting") continue;
        const after = await sendOne(parcel, csrf);
        await keep(after);
        told(after);
      }
    } catch (error) {
      if (error instanceof TypeError) return false; // no network
      throw error;
    }
    return !(await all()).some((parcel) => parcel.state === "waiting");
  };
  if (!globalThis.navigator?.locks) return work();
  return navigator.locks.request("shaodao-sending", work);
}

/** Upload a photo while the report is still being written; progress in percent. */
export function upload(photo, csrf, progress) {
  return new Promise((done, failed) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/r/photos");
    for (const [name, value] of Object.entries(headers(csrf))) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) progress(Math.round((100 * event.loaded) / event.total));
    };
    request.onload = () => {
      let data = {};
      try {
        data = JSON.parse(request.responseText);
      } catch {
        data = { zh: String(request.status), en: String(request.status) };
      }
      if (request.status === 201) done(data);
      else failed(Object.assign(new Error("refused"), { problem: data, waits: WAITS.has(request.status) }));
    };
    request.onerror = () => failed(new TypeError("no network"));
    const form = new FormData();
    form.append("file", photo.blob, "photo");
    request.send(form);
    photo.stop = () => request.abort();
  });
}
