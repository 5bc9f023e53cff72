// What is not sent yet, kept in this browser with its photos: it survives reload, crash and no signal.
// A parcel is one report: {key, state, fields, photos: [{id, blob, photo_id, thumb}], number, url, why, at}.
// state: "draft" (being written), "waiting" (to be sent), "sent", "refused".

const NAME = "shaodao-resident";
const STORE = "parcels";
const KEPT_MS = 7 * 24 * 3600 * 1000;

let opened = null;

function open() {
  opened ??= new Promise((done, failed) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "key" });
    request.onsuccess = () => {
      request.result.onversionchange = () => request.result.close();
      done(request.result);
    };
    request.onerror = () => failed(request.error);
  });
  return opened;
}

async function act(mode, work) {
  const base = await open();
  return new Promise((done, failed) => {
    const transaction = base.transaction(STORE, mode);
    const request = work(transaction.objectStore(STORE));
    transaction.oncomplete = () => done(request.result);
    transaction.onabort = () => failed(transaction.error);
    transaction.onerror = () => failed(transaction.error);
  });
}

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
