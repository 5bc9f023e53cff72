// Written answers: kept while they are typed, sent once; the list is kept right by the live line.

import { toast } from "/static/dialogs.js";
import { ask, Refused } from "/static/http.js";
import { counted } from "/static/countdown.js";
import { follow } from "/static/live.js";
import { fresh } from "/static/part.js";
import { s, sentence } from "/static/strings.js";

const live = document.getElementById("live");
const list = () => document.getElementById("supervisions");
const forms = (part) => [...part.querySelectorAll(".s-answer")].map((form) => [form.closest("[data-id]").dataset.id, form]);

async function refresh() {
  const part = await fresh("/board/supervisions", "supervisions");
  if (!part) return;
  const begun = new Map(forms(list()));
  const at = document.activeElement;
  for (const [id, form] of forms(part)) {
    const mine = begun.get(id);
    if (mine && mine.elements.words.value) form.replaceWith(mine); // what was begun stays
  }
  const id = at?.closest?.("[data-id]")?.dataset.id;
  list().replaceWith(part);
  counted();
  if (id && at.name === "words") part.querySelector(`[data-id="${id}"] textarea`)?.focus({ preventScroll: true });
}

document.addEventListener("submit", async (event) => {
  const form = event.target.closest(".s-answer");
  if (!form) return;
  event.preventDefault();
  const wrong = form.querySelector(".form-error");
  const button = form.querySelector("button");
  button.disabled = true;
  wrong.hidden = true;
  try {
    const { id } = form.closest("[data-id]").dataset;
    await ask("POST", `/api/v1/supervisions/${id}/answers`, { words: form.elements.words.value });
    form.reset();
    toast(s("answered"), "good");
    await refresh();
  } catch (error) {
    if (!(error instanceof Refused || error instanceof TypeError)) throw error;
    wrong.textContent = error instanceof Refused ? sentence(error.problem) : s("offline"); // the words stay
    wrong.hidden = false;
  } finally {
    button.disabled = false;
  }
});

follow(refresh, (on) => {
  live.textContent = on ? live.dataset.on : live.dataset.off;
  live.dataset.state = on ? "on" : "off";
});
document.documentElement.dataset.ready = "yes";
