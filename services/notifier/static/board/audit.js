// The auditor's page: asks for a run, accepts a mismatch, releases what is held, and looks anew.

import { tell, toast } from "/static/dialogs.js";
import { ask, Refused } from "/static/http.js";
import { fresh } from "/static/part.js";
import { s, sentence } from "/static/strings.js";

const LOOK_MS = 5000;
const release = document.getElementById("release");
const accept = document.getElementById("accept");
let accepting = null; // the mismatch that the dialog is about

async function refresh() {
  const part = await fresh("/ops/audit", "audit");
  if (!part) return;
  const at = document.activeElement;
  const mine = ["data-run", "data-release", "data-accept"].find((name) => at?.hasAttribute(name));
  document.getElementById("audit").replaceWith(part);
  if (mine) part.querySelector(`[${mine}="${at.getAttribute(mine)}"]`)?.focus({ preventScroll: true });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.hasAttribute("data-close")) button.closest("dialog").close();
  if (button.hasAttribute("data-release")) show(release);
  if (button.hasAttribute("data-accept")) {
    accepting = button.dataset.accept;
    show(accept);
  }
  if (!button.hasAttribute("data-run")) return;
  try {
    await ask("POST", "/api/v1/audit/runs", { whole: button.dataset.run === "whole" });
    toast(s("run_begun"), "good");
  } catch (error) {
    tell(error);
  }
});

function show(dialog) {
  dialog.querySelector(".form-error").hidden = true;
  dialog.showModal();
  dialog.querySelector("textarea").focus();
}

// What a dialog sends, and what is said once it is done.
function sends(dialog, send) {
  const form = dialog.querySelector("form");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wrong = form.querySelector(".form-error");
    try {
      const said = await send(form.elements);
      form.reset();
      dialog.close();
      toast(said, "good");
      await refresh();
    } catch (error) {
      if (!(error instanceof Refused || error instanceof TypeError)) throw error;
      wrong.textContent = error instanceof Refused ? sentence(error.problem) : s("offline");
      wrong.hidden = false;
    }
  });
}

sends(release, async ({ words, also_quiet }) => {
  const done = await ask("POST", "/api/v1/notices/release", { words: words.value, also_quiet: also_quiet.checked });
  return s("released", { n: done.messages });
});
sends(accept, async ({ words }) => {
  await ask("POST", `/api/v1/audit/mismatches/${accepting}/acceptances`, { words: words.value });
  return s("accepted");
});

setInterval(() => document.hidden || document.querySelector("dialog[open]") || refresh(), LOOK_MS);
document.documentElement.dataset.ready = "yes";
