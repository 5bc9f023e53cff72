// The operator desk: calls come up, the form is filled in by keyboard, drafts are kept on the way.

import { ask } from "/static/http.js";
import { confirmed, tell, toast } from "/static/dialogs.js";
import { shortcut } from "/static/shortcuts.js";
import { s } from "/static/strings.js";
import "./elements.js";
import "./address.js";
import "./category.js";
import * as caller from "./caller.js";
import * as draft from "./draft.js";
import { close as closeDrawer, isOpen, openKnowledge, openTemplates } from "./drawer.js";
import { choose, field, isEmpty, onChange, read, write } from "./form.js";
import { listen } from "./line.js";
import { focusNear, leave } from "./near.js";
import "./photos.js";
import { answerNow, askHandOver, onNext, submit } from "./submit.js";
import { chosen } from "./category.js";

const strip = {
  call: document.getElementById("call"),
  state: document.getElementById("call-state"),
  number: document.getElementById("call-number"),
  line: document.getElementById("call-line"),
  time: document.getElementById("call-time"),
  take: document.getElementById("call-take"),
};
const TYPES = ["consult", "help", "complain", "tip_off", "suggest", "praise"];
const SAME_CLOCK_MS = 2 * 3600 * 1000;
const URGENCIES = ["critical", "urgent", "normal"];
let running = []; // all calls of this desk that have not ended
let mine = null; // the call that the form is about, ended or not
let done = new Set(); // calls that were seen to their end here

// ---- calls ----

function heard(calls) {
  running = calls;
  const same = calls.find((call) => call.call_id === mine?.call_id);
  if (mine && !same && mine.state !== "ended") {
    mine = { ...mine, state: "ended" };
    draft.keep(); // a call that drops leaves its draft
  } else if (same) {
    mine = same;
  }
  const waiting = others();
  if (waiting.length && (mine === null || mine.state === "ended") && isEmpty()) takeCall(waiting[0]);
  else showCalls();
}

function others() {
  return running.filter((call) => call.call_id !== mine?.call_id && !done.has(call.call_id));
}

async function takeCall(call) {
  if (!isEmpty()) await draft.keep();
  if (mine) done.add(mine.call_id);
  mine = call;
  begin();
  draft.tieTo(call.call_id);
  field("phone").value = call.phone ?? "";
  if (call.line) field("line").value = [...field("line").options].some((each) => each.value === call.line) ? call.line : "";
  showCalls();
  field("description").focus();
  const drafts = await caller.showCall(call.call_id);
  if (drafts.length && mine === call && isEmpty()) await reopen(drafts[0]);
}

async function reopen(draftId) {
  try {
    await draft.open(draftId, mine?.call_id ?? null);
    caller.opened(draftId);
    field("description").focus();
  } catch (error) {
    tell(error);
  }
}

function showCalls() {
  strip.call.dataset.state = mine?.state ?? "";
  strip.state.textContent = s(mine?.state ?? "no_call");
  strip.number.textContent = mine ? (mine.phone ?? s("withheld")) : "";
  strip.line.textContent = mine?.line ? s("line_of", { line: mine.line }) : "";
  const [waiting] = others();
  strip.take.hidden = !waiting;
  if (waiting) {
    strip.take.querySelector("span").textContent = s("take_call", { phone: waiting.phone ?? s("withheld") });
  }
}

const seen = new Map(); // when a call's state was first seen here, should the city's clock be another

function since(call) {
  const key = `${call.call_id}/${call.state}`;
  if (!seen.has(key)) seen.set(key, Date.now());
  const told = Date.parse(call.answered_at ?? call.rang_at);
  return Math.abs(Date.now() - told) < SAME_CLOCK_MS ? told : seen.get(key);
}

setInterval(() => {
  const begun = mine && mine.state !== "ended" ? since(mine) : null;
  const seconds = begun === null ? null : Math.max(0, Math.floor((Date.now() - begun) / 1000));
  strip.time.textContent =
    seconds === null ? "" : `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}, 1000);

strip.take.addEventListener("click", () => takeCall(others()[0]));

document.getElementById("extension-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const extension = document.getElementById("extension").value.trim() || null;
  try {
    await ask("PUT", "/api/v1/desk/extension", { extension });
    if (extension) toast(s("seated", { n: extension }), "good");
  } catch (error) {
    tell(error);
  }
});

// ---- the form ----

function begin() {
  write({});
  leave();
  document.getElementById("reply-field").hidden = true;
  document.getElementById("article-tag").hidden = true;
  draft.begin();
}

async function startNew() {
  if (!isEmpty()) {
    if (!(await confirmed(s("new_question")))) return;
    if (!(await draft.keep())) return; // nothing typed is ever lost
    toast(s("new_started"));
  }
  goOn();
}

/** An empty form: for another matter while the caller is still there, else for the next call. */
function goOn() {
  if (mine && mine.state !== "ended") {
    begin();
    draft.tieTo(mine.call_id);
    field("phone").value = mine.phone ?? "";
    caller.showCall(mine.call_id);
    field("description").focus();
    return;
  }
  if (mine) done.add(mine.call_id);
  mine = null;
  begin();
  document.getElementById("caller").replaceChildren();
  heard(running);
  if (!mine) field("phone").focus();
}

onNext(goOn);
caller.onDraft(async (draftId) => {
  if (!isEmpty() && !(await draft.keep())) return;
  await reopen(draftId);
});

let shownPhone = "";
field("phone").addEventListener("change", () => {
  const phone = field("phone").value.trim();
  if (phone.length < 5 || phone === shownPhone || phone === mine?.phone) return;
  shownPhone = phone;
  caller.showPhone(phone);
});

onChange(() => {
  const { type, urgency, confidential, agrees_to_contact, reply } = read();
  const tipOff = type === "tip_off" && confidential !== "no";
  document.getElementById("ask-confidential").hidden = !(tipOff || agrees_to_contact);
  const usual = URGENCIES.indexOf(chosen()?.urgency ?? "normal");
  const raised = urgency !== "" && URGENCIES.indexOf(urgency) < usual;
  document.getElementById("reason-field").dataset.needed = raised ? "yes" : "no";
  if (reply) document.getElementById("reply-field").hidden = false;
});

document.getElementById("form").addEventListener("submit", (event) => {
  event.preventDefault();
  submit();
});
// Enter in a field never submits: operators press it all day
document.getElementById("form").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.ctrlKey && event.target.matches("input")) event.preventDefault();
});
document.getElementById("answer-now").addEventListener("click", answerNow);
document.getElementById("hand-over").addEventListener("click", askHandOver);
document.getElementById("new").addEventListener("click", startNew);

// ---- keys ----

const closed = () => !document.querySelector("dialog[open]");
shortcut("F2", s("key_new"), startNew, { when: closed });
shortcut("F3", s("key_take"), () => takeCall(others()[0]), { when: () => closed() && others().length > 0 });
shortcut("F4", s("key_knowledge"), openKnowledge, { when: closed });
shortcut("F6", s("key_near"), focusNear, { when: closed });
shortcut("F7", s("key_handover"), askHandOver, { when: closed });
shortcut("F8", s("key_templates"), openTemplates, { when: closed });
shortcut("F9", s("key_urge"), caller.urge, { when: closed });
shortcut("F10", s("key_read"), caller.read, { when: closed });
shortcut("Alt+ArrowUp", s("key_earlier"), () => caller.move(-1), { when: closed });
shortcut("Alt+ArrowDown", s("key_earlier"), () => caller.move(1), { when: closed });
TYPES.forEach((type, index) => {
  const text = document.querySelector(`input[name=type][value=${type}] + span`).firstChild.textContent.trim();
  shortcut(`Alt+${index + 1}`, s("key_type", { text }), () => {
    choose("type", type);
    document.getElementById("form").dispatchEvent(new Event("change", { bubbles: true }));
  }, { when: closed });
});
shortcut("Ctrl+Enter", s("key_submit"), submit, { when: closed });
shortcut("Ctrl+Shift+Enter", s("key_answer"), answerNow, { when: closed });
shortcut("Escape", s("key_close"), closeDrawer, { when: isOpen });

// ---- begin ----

const wanted = new URLSearchParams(location.search).get("draft");
draft.begin();
if (wanted) {
  try {
    await draft.open(wanted);
    const { phone } = read();
    if (phone) caller.showPhone(phone);
  } catch (error) {
    tell(error);
    history.replaceState(null, "", "/desk");
  }
}
field(wanted ? "description" : "phone").focus();
listen(heard);
