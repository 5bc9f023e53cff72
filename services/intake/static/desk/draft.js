// Keeps the form at the server every few seconds; nothing of a person is kept in the browser.
//
// The address of the page names the draft, so a reload or a restored tab finds it again. While the
// server is away the words stay in the page, which says so and tries on.

import { ask, csrf, Refused } from "/static/http.js";
import { s, sentence } from "/static/strings.js";
import { isEmpty, read, write } from "./form.js";

const EVERY_MS = 3000;
const kept = document.getElementById("kept");
const clash = document.getElementById("clash");

const draft = { draftId: newId(), version: 0, sent: "", callId: null, clashed: false };
let saving = null;

/** A UUID; `crypto.randomUUID` is not there without TLS. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** What a submission must name. */
export function current() {
  return { draftId: draft.draftId, version: draft.version, callId: draft.callId };
}

/** Tie the form to a call. */
export function tieTo(callId) {
  draft.callId = callId;
}

/** Begin anew: another draft, which exists once something is typed. */
export function begin() {
  Object.assign(draft, { draftId: newId(), version: 0, callId: null, clashed: false });
  draft.sent = JSON.stringify(read());
  clash.hidden = true;
  say("");
  address(null);
}

/** Open a draft of this desk, or with a call one tied to the number that calls; throws Refused. */
export async function open(draftId, callId = null) {
  const query = callId ? `?call_id=${encodeURIComponent(callId)}` : "";
  const found = await ask("GET", `/api/v1/drafts/${draftId}${query}`);
  Object.assign(draft, {
    draftId: found.draft_id, version: found.version, callId: callId ?? found.call_id, clashed: false,
  });
  clash.hidden = true;
  write(found.form);
  draft.sent = JSON.stringify(read());
  say(s("saved", { at: clock(found.changed_at) }), "good");
  address(draft.draftId);
}

/** Keep what is typed now; true when the server has it. */
export async function keep() {
  if (saving) await saving;
  if (document.body.classList.contains("submitting")) return true; // it takes the draft with it
  if (!isDirty() || draft.clashed) return !draft.clashed;
  saving = put();
  try {
    return await saving;
  } finally {
    saving = null;
  }
}

function isDirty() {
  return JSON.stringify(read()) !== draft.sent && !(draft.version === 0 && isEmpty());
}

async function put() {
  const form = read();
  const { draftId } = draft;
  const body = { version: draft.version, form, call_id: draft.callId };
  say(s("saving"));
  try {
    const answer = await ask("PUT", `/api/v1/drafts/${draftId}`, body);
    if (draft.draftId !== draftId) return true; // a new form was begun meanwhile
    draft.version = answer.version;
    draft.sent = JSON.stringify(form);
    say(s("saved", { at: clock(answer.changed_at) }), "good");
    address(draftId);
    return true;
  } catch (error) {
    failed(error);
    return false;
  }
}

function failed(error) {
  if (error instanceof Refused && error.problem.code === "draft_changed") {
    clashed(s("clash"));
  } else if (error instanceof Refused && error.status === 404) {
    clashed(s("theirs_gone")); // submitted, taken over or thrown away
  } else if (error instanceof Refused && error.status < 500) {
    say(s("unsaved_error", { why: sentence(error.problem) }), "bad");
  } else {
    say(s("unsaved"), "bad");
  }
}

/** The draft went on elsewhere: nothing is sent until the operator has decided. */
export function clashed(words) {
  draft.clashed = true;
  document.getElementById("clash-words").textContent = words;
  clash.hidden = false;
  say("");
  clash.scrollIntoView({ block: "nearest" });
}

document.getElementById("clash-theirs").addEventListener("click", async () => {
  try {
    await open(draft.draftId, draft.callId);
  } catch (error) {
    if (!(error instanceof Refused)) return failed(error);
    document.getElementById("clash-words").textContent = s("theirs_gone");
  }
});

document.getElementById("clash-mine").addEventListener("click", async () => {
  const { callId } = draft;
  begin();
  draft.sent = "";
  tieTo(callId);
  await keep();
});

setInterval(keep, EVERY_MS);

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") keep();
});

// A page that is closed says its last words; the answer is not waited for.
window.addEventListener("pagehide", () => {
  if (!isDirty() || draft.clashed) return;
  const body = { version: draft.version, form: read(), call_id: draft.callId };
  fetch(`/api/v1/drafts/${draft.draftId}`, {
    method: "PUT",
    keepalive: true,
    headers: { "Content-Type": "application/json", "X-CSRF-Token": csrf() },
    body: JSON.stringify(body),
  });
});

window.addEventListener("beforeunload", (event) => {
  if (kept.dataset.kind === "bad" && isDirty()) event.preventDefault();
});

function say(text, kind = "plain") {
  kept.textContent = text;
  kept.dataset.kind = kind;
}

function address(draftId) {
  const path = draftId ? `/desk?draft=${draftId}` : "/desk";
  if (location.pathname + location.search !== path) history.replaceState(null, "", path);
}

function clock(moment) {
  return new Date(moment).toLocaleTimeString("zh-CN", { hour12: false, timeZone: "Asia/Shanghai" });
}
