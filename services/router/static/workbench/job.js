// One matter: its forms, what changed meanwhile, and its live updates. What one wrote is never lost.

import { tell, toast } from "/static/dialogs.js";
import { ask, Refused, send } from "/static/http.js";
import { follow } from "/static/live.js";
import { shortcut } from "/static/shortcuts.js";
import { s } from "/static/strings.js";
import { contactForm } from "./contact.js";
import { counted } from "/static/countdown.js";
import { keepText, restoreText, forgetText, sayWrong, valuesOf } from "./form.js";
import { filesOf, locate, startFiles } from "./evidence.js";
import { fresh } from "/static/part.js";
import { report } from "./reports.js";
import { showWaiting } from "./waiting.js";
import { likely, replyHelp, wizard } from "./wizards.js";

const live = document.getElementById("live");
const changed = document.getElementById("changed");
const diff = document.getElementById("diff");
const job = () => document.getElementById("job");
const id = () => job().dataset.id;
const title = () => document.querySelector("h1").textContent;
let stale = false; // the page shows an older state than there is
let seen = Number(job().dataset.seq); // up to where the reader was shown

// ---- opening forms ----

function open(dialog) {
  const form = dialog.querySelector("form");
  restoreText(id(), form);
  if (form.querySelector("[data-where]")) locate(form);
  dialog.showModal();
  form.querySelector("textarea, input:not([type=hidden]), select, button")?.focus();
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.open) {
    const dialog = document.getElementById(button.dataset.open);
    if (dialog) open(dialog);
  }
  if (button.hasAttribute("data-close")) button.closest("dialog").close();
  if (button.dataset.now) now(button);
  if (button.id === "look") showDiff(null);
});

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-report]");
  if (form) keepText(id(), form);
});

document.addEventListener("close", () => stale && refresh(), true);

// ---- sending ----

async function now(button) {
  button.disabled = true;
  await say({ type: button.dataset.now }, null);
  button.disabled = false;
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-report]");
  if (!form) return;
  event.preventDefault();
  const values = valuesOf(form);
  if (!values) return;
  const files = filesOf(form);
  if (files.pending) {
    sayWrong(form, s("wait_files"));
    return;
  }
  const buttons = [...form.querySelectorAll("button")];
  for (const each of buttons) each.disabled = true;
  const place = form.where ?? {};
  const body = { type: form.dataset.report, ...values, ...place };
  if (files.evidence.length) body.evidence = files.evidence;
  if (await say(body, form, files.blobs)) {
    forgetText(id(), form);
    form.reset();
    form.closest("dialog").close();
    await refresh();
  }
  for (const each of buttons) each.disabled = false;
});

/** Send a report; true when it was taken or waits. A conflict is shown as what changed. */
async function say(body, form, photos = []) {
  try {
    const done = await report({ whistleId: id(), title: title(), body, photos });
    if (done.state === "sent") told(done.data, body.type);
    if (!form) await refresh();
    return true;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 409) await showDiff(error);
    else if (form) sayWrong(form, tellWords(error));
    else tell(error);
    return false;
  }
}

/** What came of a report: a resolution may wait for a reviewer, or come back at once. */
function told(data, type) {
  if (data.sent_back) toast(s("sent_back", { why: data.sent_back }), "bad");
  else if (data.review === "pending") toast(s("reviewed_first"), "good");
  else toast(s("sent", { what: s(type) }), "good");
}

function tellWords(error) {
  const mine = document.documentElement.lang === "en" ? "en" : "zh";
  const { problem } = error;
  return problem.errors ? problem.errors.map((each) => each[mine]).join("\n") : problem[mine] ?? s("failed");
}

// ---- what changed meanwhile ----

async function showDiff(refusal) {
  const part = await fresh(`/workbench/${id()}/since?seq=${seen}`, "since");
  const why = document.getElementById("diff-why");
  why.hidden = !refusal;
  if (refusal) why.textContent = tellWords(refusal);
  document.getElementById("diff-what").replaceChildren(...(part ? [part] : []));
  seen = Number(part?.dataset.seq || seen);
  changed.hidden = true;
  stale = true;
  diff.showModal();
}

diff.addEventListener("close", () => refresh());

function busy() {
  return Boolean(document.querySelector("dialog:modal"));
}

/** Show the matter as it is now; while somebody writes, only say that it changed. */
async function refresh() {
  if (busy()) {
    stale = true;
    return;
  }
  const part = await fresh(location.href, "job");
  if (!part || busy()) return;
  const focused = document.activeElement?.dataset?.open;
  job().replaceWith(part);
  seen = Number(job().dataset.seq);
  stale = false;
  changed.hidden = true;
  counted();
  dress();
  if (focused) document.querySelector(`[data-open="${focused}"]`)?.focus();
}

async function heard(ids) {
  if (ids && !ids.has(id())) return;
  if (!busy()) {
    await refresh();
    return;
  }
  const { status, data } = await send("GET", `/api/v1/whistles/${id()}`);
  if (status !== 200 || data.whistle.seq <= seen) return;
  const last = data.timeline.at(-1);
  changed.querySelector("span").textContent = s("changed", { what: `${last.name ?? ""} ${last.zh}` });
  changed.hidden = false;
  stale = true;
  toast(s("changed_somehow"));
}

// ---- what a freshly shown matter needs ----

function dress() {
  for (const form of document.querySelectorAll("form[data-report]")) {
    startFiles(form, id());
    if (form.dataset.report === "contacted") contactForm(form, job().dataset.intake);
    if (form.dataset.report === "return_requested") wizard(form, () => likely(form, id()));
    if (form.dataset.report === "resolved") replyHelp(form, id());
  }
  showFiles();
}

async function showFiles() {
  const list = document.getElementById("files");
  try {
    const { items } = await ask("GET", `/api/v1/files?whistle_id=${id()}`);
    list.replaceChildren(...items.map((file, index) => {
      const item = document.createElement("li");
      const link = Object.assign(document.createElement("a"), { href: file.url, target: "_blank", rel: "noopener" });
      const name = `${list.dataset.name} ${index + 1}`;
      if (file.thumb) link.append(Object.assign(new Image(), { src: file.thumb, alt: name, loading: "lazy" }));
      else link.textContent = `${name} (PDF)`;
      item.append(link);
      return item;
    }));
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof Refused)) throw error;
  }
}

shortcut("a", s("take"), () => document.querySelector("[data-now=acknowledged]")?.click());
shortcut("c", s("contacted"), () => document.querySelector("[data-open=do-contacted]")?.click());
shortcut("p", s("progressed"), () => document.querySelector("[data-open=do-progressed]")?.click());
shortcut("r", s("resolved"), () => document.querySelector("[data-open=do-resolved]")?.click());
shortcut("u", s("before"), () => document.getElementById("back").click());

dress();
await showWaiting((parcel) => parcel.whistleId === id() && refresh());
follow(heard, (on) => {
  live.textContent = on ? live.dataset.on : live.dataset.off;
  live.dataset.state = on ? "on" : "off";
});
document.documentElement.dataset.ready = "yes";
