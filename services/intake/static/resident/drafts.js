// What is not sent yet, kept in this browser with its photos: it survives reload, crash and no signal.
// A parcel is one report: {key, state, fields, photos: [{id, blob, photo_id, thumb}], number, url, why, at}.
// state: "draft" (being written), "waiting" (to be sent), "sent", "refused".

import { storeOf } from "/static/keeping.js";

const KEPT_MS = 7 * 24 * 3600 * 1000;
const act = storeOf("shaodao-resident", "parcels");

/** Keep a parcel as it is now. */
export function keep(parcel) {
  return act("readwrite", (store) => store.put({ ...parcel, at: Date.now() }));
}

/** One parcel, or undefined. */
export function find(key) {
  return act("readonly", (store) => store.get(key));
}

/** Forget a parcel. */
export function forget(key) {
  return act("readwrite", (store) => store.delete(key));
}

/** All parcels, the oldest first; those past their time are forgotten. */
export async function all() {
  const parcels = await act("readonly", (store) => store.getAll());
  const fresh = parcels.filter((each) => Date.now() - each.at < KEPT_MS);
  for (const old of parcels) if (!fresh.includes(old)) await forget(old.key);
  return fresh.sort((a, b) => a.at - b.at);
}
