// What a page keeps in this browser: it survives reload, crash and no signal.

/** The store of a database, made at the first use; each has a `key`. Gives act(mode, work). */
export function storeOf(database, store) {
  let opened = null;

  function open() {
    opened ??= new Promise((done, failed) => {
      const request = indexedDB.open(database, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(store, { keyPath: "key" });
      request.onsuccess = () => {
        request.result.onversionchange = () => request.result.close();
        done(request.result);
      };
      request.onerror = () => failed(request.error);
    });
    return opened;
  }

  /** Work on the store in one transaction; what its request found. */
  return async function act(mode, work) {
    const base = await open();
    return new Promise((done, failed) => {
      const transaction = base.transaction(store, mode);
      const request = work(transaction.objectStore(store));
      transaction.oncomplete = () => done(request.result);
      transaction.onabort = () => failed(transaction.error);
      transaction.onerror = () => failed(transaction.error);
    });
  };
}
