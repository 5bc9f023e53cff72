// One matter: its forms, what changed meanwhile, and its live updates. What one wrote is never lost.

import { tell, toast } from "/static/dialogs.js";
import { Refused } from "/static/http.js";
import { matter, showFiles } from "/static/router/matter.js";
import { shortcut } from "/static/shortcuts.js";
import { s, sentence } from "/static/strings.js";
import { contactForm } from "./contact.js";
import { keepText, restoreText, forgetText, sayWrong, valuesOf } from "./form.js";
import { filesOf, locate, startFiles } from "./evidence.js";
import { report } from "./reports.js";
import { showWaiting } from "./waiting.js";
import { likely, replyHelp, wizard } from "./wizards.js";

const title = () => document.querySelector("h1").textContent;
const { shown, id, refresh, showDiff, begin } = matter({ name: "job", page: "/workbench", dress });

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
});

document.addEventListener("input", (event) => {
  const form = event.target.closest?.("form[data-report]");
  if (form) keepText(id(), form);
});

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
    else if (form) sayWrong(form, sentence(error.problem));
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

// ---- what a freshly shown matter needs ----

function dress() {
  for (const form of document.querySelectorAll("form[data-report]")) {
    startFiles(form, id());
    if (form.dataset.report === "contacted") contactForm(form, shown().dataset.intake);
    if (form.dataset.report === "return_requested") wizard(form, () => likely(form, id()));
    if (form.dataset.report === "resolved") replyHelp(form, id());
  }
  showFiles(id());
}

shortcut("a", s("take"), () => document.querySelector("[data-now=acknowledged]")?.click());
shortcut("c", s("contacted"), () => document.querySelector("[data-open=do-contacted]")?.click());
shortcut("p", s("progressed"), () => document.querySelector("[data-open=do-progressed]")?.click());
shortcut("r", s("resolved"), () => document.querySelector("[data-open=do-resolved]")?.click());
shortcut("u", s("before"), () => document.getElementById("back").click());

dress();
await showWaiting((parcel) => parcel.whistleId === id() && refresh());
begin();
