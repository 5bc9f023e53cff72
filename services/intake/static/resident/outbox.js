// What became of reports that were tapped off: waiting for network, sent with a number, refused.

import { language, s, sentence } from "/static/strings.js";
import { all, find, forget, keep } from "./drafts.js";
import { sendAll } from "./sending.js";

const box = document.getElementById("outbox");
const EVERY_MS = 20000;
let labels = (code) => code;
let resend = null;

/** Begin to show and to send; `name` gives a label's words by its code. */
export async function outbox(name) {
  labels = name;
  addEventListener("online", () => send());
  navigator.serviceWorker?.addEventListener("message", () => show());
  await show();
  await send();
}

/** Try to send what waits; asks again by itself as long as something does. */
export async function send() {
  clearTimeout(resend);
  const done = await sendAll(show);
  await show();
  if (done) return;
  resend = setTimeout(send, EVERY_MS);
  const worker = await navigator.serviceWorker?.getRegistration("/r");
  await worker?.sync?.register("send").catch(() => {}); // not every browser has it
}

export async function show() {
  const parcels = (await all()).filter((parcel) => parcel.state !== "draft");
  box.hidden = parcels.length === 0;
  box.replaceChildren(...parcels.map(card));
}

function card(parcel) {
  const node = document.createElement("article");
  node.className = `r-parcel r-is-${parcel.state}`;
  const title = document.createElement("strong");
  title.textContent = labels(parcel.fields.label);
  const words = document.createElement("p");
  words.textContent = wordsOf(parcel);
  const ways = document.createElement("p");
  ways.className = "r-parcel-ways";
  if (parcel.state === "sent") ways.append(link(parcel.url, s("open")));
  if (parcel.state === "refused") ways.append(button(s("again"), () => again(parcel)));
  if (parcel.state !== "waiting") ways.append(button(s("discard"), () => drop(parcel)));
  node.append(title, words, ways);
  return node;
}

function wordsOf(parcel) {
  if (parcel.state === "sent") return s("sent", { number: parcel.number });
  if (parcel.state === "refused") return s("refused", { why: sentence(parcel.why) });
  const why = parcel.why ? `${language === "en" ? parcel.why.en : parcel.why.zh}\n` : "";
  if (navigator.onLine && !parcel.why) return s("sending");
  return why + s("sync" in (globalThis.ServiceWorkerRegistration?.prototype ?? {}) ? "waiting" : "waiting_open");
}

async function again(parcel) {
  const kept = await find(parcel.key);
  if (kept) await keep({ ...kept, state: "waiting", why: null });
  await send();
}

async function drop(parcel) {
  await forget(parcel.key);
  await show();
}

function button(text, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "r-plain", textContent: text });
  made.addEventListener("click", act);
  return made;
}

function link(href, text) {
  return Object.assign(document.createElement("a"), { href, textContent: text });
}
