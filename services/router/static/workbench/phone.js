// The page for phones: taken, there, done. Each tap is kept on the phone until it has arrived.

import { tell } from "/static/dialogs.js";
import { Refused } from "/static/http.js";
import { follow } from "/static/live.js";
import { s } from "/static/strings.js";
import { counted } from "/static/countdown.js";
import { fresh } from "/static/part.js";
import { report } from "./reports.js";
import { sayWrong } from "./form.js";
import { showWaiting } from "./waiting.js";

const live = document.getElementById("live");
const jobs = () => document.getElementById("jobs");
const photos = new Map(); // whistle_id → the photo taken

const told = (job, words) => (job.querySelector(".w-m-told").textContent = words);

/** Where the phone is; {} where it cannot tell within a few seconds. */
function where() {
  return new Promise((done) => {
    if (!("geolocation" in navigator)) return done({});
    return navigator.geolocation.getCurrentPosition(
      ({ coords }) => done({ lat: coords.latitude, lon: coords.longitude }),
      () => done({}),
      { enableHighAccuracy: true, timeout: 8000, maximumAge: 60_000 },
    );
  });
}

async function say(job, body, more = {}) {
  for (const each of job.querySelectorAll("button")) each.disabled = true;
  try {
    const done = await report({ whistleId: job.dataset.id, title: job.dataset.title, body, ...more });
    if (done.state === "waiting") {
      told(job, s("kept_here"));
      return true;
    }
    await refresh();
    if (done.data.sent_back) tell({ zh: done.data.sent_back, en: done.data.sent_back });
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    for (const each of job.querySelectorAll("button")) each.disabled = false;
    tell(error);
    return false;
  }
}

async function step(button) {
  const job = button.closest(".w-m-job");
  const type = button.dataset.step;
  if (type === "resolved") {
    const form = job.querySelector("form");
    form.hidden = !form.hidden;
    button.setAttribute("aria-expanded", String(!form.hidden));
    if (!form.hidden) form.scrollIntoView({ block: "center" });
    return;
  }
  if (type === "arrived") {
    button.disabled = true;
    told(job, s("locating"));
    const place = await where();
    told(job, "");
    await say(job, { type, mode: "on_site", ...place });
    return;
  }
  await say(job, { type });
}

async function done(form) {
  const job = form.closest(".w-m-job");
  const photo = photos.get(job.dataset.id);
  const words = form.querySelector("textarea").value.trim();
  if (!photo) return sayWrong(form, s("need_photo"));
  if (words.length < 4) return sayWrong(form, s("need_words"));
  const body = {
    type: "resolved", result: "solved", facts_true: "yes", measures: words,
    public_reply: s("reply_of", { title: job.dataset.title, words }),
  };
  const how = form.querySelector("[name=contacted_how]:checked")?.value;
  if (how) body.contacted_how = how;
  if (await say(job, body, { photos: [photo], evidence: "photo_after" })) photos.delete(job.dataset.id);
  return undefined;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-step]");
  if (button) step(button);
});

document.addEventListener("submit", (event) => {
  if (!event.target.matches(".w-m-done")) return;
  event.preventDefault();
  done(event.target);
});

document.addEventListener("change", (event) => {
  if (event.target.type !== "file" || !event.target.files.length) return;
  const job = event.target.closest(".w-m-job");
  photos.set(job.dataset.id, event.target.files[0]);
  showPhoto(job);
});

function showPhoto(job) {
  const image = job.querySelector(".w-m-done img");
  const photo = photos.get(job.dataset.id);
  if (!image || !photo) return;
  image.src = URL.createObjectURL(photo);
  image.hidden = false;
}

function writing() {
  return [...document.querySelectorAll(".w-m-done")].some((form) => !form.hidden);
}

async function refresh() {
  const part = await fresh("/workbench/m", "jobs");
  if (!part) return;
  jobs().replaceWith(part);
  counted();
}

await showWaiting(refresh);
follow(() => !writing() && refresh(), (on) => {
  live.textContent = on ? live.dataset.on : live.dataset.off;
  live.dataset.state = on ? "on" : "off";
});
document.documentElement.dataset.ready = "yes";

// ---- opens without network ----

async function serve() {
  if (!("serviceWorker" in navigator)) return;
  const address = document.querySelector("[data-worker]").dataset.worker;
  await navigator.serviceWorker.register(address, { scope: "/workbench/m" });
  const worker = await navigator.serviceWorker.ready;
  navigator.serviceWorker.addEventListener("message", (event) => {
    if (event.data?.kept) document.documentElement.dataset.kept = "yes";
  });
  const parts = performance.getEntriesByType("resource").map((entry) => entry.name)
    .filter((name) => name.startsWith(`${location.origin}/static/`));
  worker.active.postMessage({ keep: ["/workbench/m", ...parts] });
}

await serve().catch((error) => {
  if (!(error instanceof TypeError) && error.name !== "SecurityError") throw error;
});
