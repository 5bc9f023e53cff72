// Reports of a unit: sent now, or kept on this device and sent once the network is back.
//
// A report has a key of its own, made when the person says it: however often it is sent, it counts
// once. What was photographed is uploaded first, and not again once it has arrived.

import { csrf, Refused, send } from "/static/http.js";
import { storeOf } from "/static/keeping.js";

const act = storeOf("shaodao-work", "reports");
const WAITS = new Set([408, 425, 429, 500, 502, 503, 504]);
const EVERY_MS = 20_000;

/** Whether to try again later: no network, too busy, or signed out while it waited. */
function waits(error) {
  return error instanceof TypeError || WAITS.has(error.status) || error.status === 401 || error.problem?.code === "csrf";
}

let later = null;
let told = () => {};

const keep = (parcel) => act("readwrite", (store) => store.put(parcel));
const forget = (key) => act("readwrite", (store) => store.delete(key));

/** All reports that wait or were refused, the oldest first. */
export async function waiting() {
  const all = await act("readonly", (store) => store.getAll());
  return all.sort((a, b) => a.at.localeCompare(b.at));
}

/** Let a report go unsent. */
export async function discard(key) {
  await forget(key);
  told(null);
}

/** A key for one report. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (each) => each.toString(16).padStart(2, "0")).join("");
}

/** Upload a file for a whistle: {file_id, sha256, url, thumb, taken_at …}. Refused, or TypeError without network. */
export async function upload(whistleId, file) {
  const form = new FormData();
  form.append("file", file, file.name ?? "photo.jpg");
  form.append("whistle_id", whistleId);
  const { status, data } = await send("POST", "/api/v1/files", form);
  if (status >= 400) throw new Refused(status, typeof data === "object" ? data : {});
  return data;
}

/**
 * Say a report. `photos` are blobs; `evidence` says how they are named: null in `photos`, else as
 * evidence of that kind. Answers {state: "sent", data} or {state: "waiting"}; throws Refused.
 */
export async function report({ whistleId, title, body, photos = [], evidence = null }) {
  const parcel = {
    key: newKey(), whistleId, title, body, photos: photos.map((blob) => ({ blob })), evidence,
    at: new Date().toISOString(), state: "waiting", why: null,
  };
  await keep(parcel); // whatever becomes of this page, it is sent
  try {
    const data = await sent(parcel);
    await forget(parcel.key);
    return { state: "sent", data };
  } catch (error) {
    if (waits(error)) {
      again();
      told(parcel);
      return { state: "waiting" };
    }
    await forget(parcel.key);
    throw error;
  }
}

async function sent(parcel) {
  const files = [];
  for (const photo of parcel.photos) {
    if (!photo.file) {
      const { file_id, sha256, taken_at } = await upload(parcel.whistleId, photo.blob);
      photo.file = { file_id, sha256, taken_at };
      await keep(parcel); // what has arrived is not sent again
    }
    files.push(photo.file);
  }
  const body = { ...parcel.body };
  if (files.length && parcel.evidence) {
    const shown = files.map(({ sha256, taken_at }) => ({ kind: parcel.evidence, sha256, taken_at }));
    body.evidence = [...(body.evidence ?? []), ...shown];
  } else if (files.length) {
    body.photos = files.map((file) => file.file_id);
  }
  const headers = { "Idempotency-Key": parcel.key };
  const { status, data } = await send("POST", `/api/v1/whistles/${parcel.whistleId}/reports`, body, headers);
  if (status >= 400) throw new Refused(status, typeof data === "object" ? data : {});
  return data;
}

/** Send what waits, each once; a lock keeps two tabs from doing it both. */
export async function flush() {
  clearTimeout(later);
  later = null;
  const work = async () => {
    let left = false;
    for (const parcel of await waiting()) {
      if (parcel.state !== "waiting") continue;
      try {
        await sent(parcel);
        await forget(parcel.key);
        told({ ...parcel, state: "sent" });
      } catch (error) {
        if (waits(error)) {
          left = true;
          break; // no network: the others wait as well
        }
        if (!(error instanceof Refused)) throw error;
        await keep({ ...parcel, state: "refused", why: error.problem });
        told({ ...parcel, state: "refused", why: error.problem });
      }
    }
    if (left) again();
  };
  if (navigator.locks) await navigator.locks.request("shaodao-work-sending", work);
  else await work();
}

function again() {
  later ??= setTimeout(flush, EVERY_MS);
}

/** Begin: `tells` is called with each report that changed, and null where the list did. */
export async function begin(tells) {
  told = tells;
  addEventListener("online", () => flush());
  told(null);
  if (csrf() && (await waiting()).some((parcel) => parcel.state === "waiting")) await flush();
}
