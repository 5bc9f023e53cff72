// The service worker of the page for phones: it opens without network, as it last was.
//
// It keeps that one page and what it is made of; when somebody else is signed in, or nobody, it
// forgets them. What waits to be sent stands with the page (reports.js).

const CACHE = "shaodao-work-1";
const PAGE = "/workbench/m";

self.addEventListener("install", () => self.skipWaiting());

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) {
      if (name.startsWith("shaodao-work-") && name !== CACHE) await caches.delete(name);
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
  await Promise.all([...new Set(addresses)].map(async (address) => {
    const answer = await fetch(address, { credentials: "same-origin" });
    if (answer.ok && !answer.redirected) await cache.put(address, answer);
  }));
  for (const client of await self.clients.matchAll()) client.postMessage({ kept: true });
}

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (request.method !== "GET" || address.origin !== location.origin) return;
  if (request.mode === "navigate" && address.pathname === PAGE) event.respondWith(page(request));
  else if (address.pathname.startsWith("/static/")) event.respondWith(part(request));
});

async function page(request) {
  const cache = await caches.open(CACHE);
  try {
    const answer = await fetch(request);
    if (answer.redirected || !answer.ok) await cache.delete(PAGE); // signed out
    return answer;
  } catch (error) {
    const kept = await cache.match(PAGE, { ignoreSearch: true, ignoreVary: true });
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
