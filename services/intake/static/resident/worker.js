// The service worker of the resident pages: the form opens without network, and what waits is sent
// when the network is back, also after the page was closed (where the browser can do that).

import { sendAll } from "/static/intake/resident/sending.js";

const CACHE = "shaodao-resident-1";
const FORM = "/r";

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("shaodao-resident-") && name !== CACHE) await caches.delete(name);
    }
    await self.clients.claim();
  })());
});

// The page tells what it was made of, once it is loaded.
self.addEventListener("message", (event) => {
  if (event.data?.keep) event.waitUntil(keepAll(event.data.keep));
});

async function keepAll(addresses) {
  const cache = await caches.open(CACHE);
  const before = new Set((await cache.keys()).map((request) => request.url));
  const wanted = new Set(addresses.map((address) => new URL(address, location.origin).href));
  const parts = [...wanted].filter((address) => new URL(address).pathname !== FORM);
  await Promise.all(parts.map((address) => keepOne(cache, address)));
  await keepOne(cache, new URL(FORM, location.origin).href); // last: where it is, all of it is
  for (const address of before) if (!wanted.has(address)) await cache.delete(address);
  for (const client of await self.clients.matchAll()) client.postMessage({ kept: wanted.size });
}

async function keepOne(cache, address) {
  const answer = await fetch(address, { credentials: "same-origin" });
  if (!answer.ok) throw new TypeError(`${address}: ${answer.status}`);
  await cache.put(address, answer);
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  if (request.mode === "navigate" && address.pathname === FORM) event.respondWith(form(request));
  else if (address.pathname.startsWith("/static/")) event.respondWith(part(request));
});

async function form(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const kept = await (await caches.open(CACHE)).match(FORM, { ignoreSearch: true, ignoreVary: true });
    if (kept) return kept;
    throw error;
  }
}

async function part(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const cache = await caches.open(CACHE);
    const kept = (await cache.match(request, { ignoreVary: true }))
      ?? (await cache.match(request, { ignoreVary: true, ignoreSearch: true }));
    if (kept) return kept;
    throw error;
  }
}

self.addEventListener("sync", (event) => {
  if (event.tag === "send") event.waitUntil(sent());
});

async function sent() {
  const all = await sendAll();
  for (const client of await self.clients.matchAll()) client.postMessage({ sent: true });
  if (!all) throw new Error("not all could be sent"); // the browser asks again later
}
