// The auditor's page: asks for a run, releases what is held, and looks anew.

import { tell, toast } from "/static/dialogs.js";
import { ask, Refused } from "/static/http.js";
import { fresh } from "/static/part.js";
import { s, sentence } from "/static/strings.js";

const LOOK_MS = 5000;
const dialog = document.getElementById("release");
const form = dialog.querySelector("form");

async function refresh() {
  const part = await fresh("/ops/audit", "audit");
  if (!part) return;
  const at = document.activeElement;
  const mine = ["data-run", "data-release"].find((name) => at?.hasAttribute(name));
  document.getElementById("audit").replaceWith(part);
  if (mine) part.querySelector(`[${mine}="${at.getAttribute(mine)}"]`)?.focus({ preventScroll: true });
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.hasAttribute("data-close")) dialog.close();
  if (button.hasAttribute("data-release")) {
    form.querySelector(".form-error").hidden = true;
    dialog.showModal();
    form.elements.words.focus();
  }
  if (!button.hasAttribute("data-run")) return;
  try {
    await ask("POST", "/api/v1/audit/runs", { whole: button.dataset.run === "whole" });
    toast(s("run_begun"), "good");
  } catch (error) {
    tell(error);
  }
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const wrong = form.querySelector(".form-error");
  try {
    const { words, also_quiet } = form.elements;
    const done = await ask("POST", "/api/v1/notices/release", { words: words.value, also_quiet: also_quiet.checked });
    form.reset();
    dialog.close();
    toast(s("released", { n: done.messages }), "good");
    await refresh();
  } catch (error) {
    if (!(error instanceof Refused || error instanceof TypeError)) throw error;
    wrong.textContent = error instanceof Refused ? sentence(error.problem) : s("offline");
    wrong.hidden = false;
  }
});

setInterval(() => document.hidden || dialog.open || refresh(), LOOK_MS);
document.documentElement.dataset.ready = "yes";
