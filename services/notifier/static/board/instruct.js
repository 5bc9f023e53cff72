// A leader's or supervisor's instruction on a matter: asked in writing, answered within 24 hours.

import { toast } from "/static/dialogs.js";
import { Refused, send } from "/static/http.js";
import { s, sentence } from "/static/strings.js";

const dialog = document.getElementById("instruct");
const form = dialog?.querySelector("form");
let about = null;
let key = null;

/** Open the form for the matter of a button with data-whistle, data-ticket, data-unit, data-title. */
export function instruct(button) {
  const { whistle, ticket, unit, title } = button.dataset;
  about = whistle ? { whistle_id: whistle, ...(unit && { unit }) } : { ticket_id: ticket };
  key = crypto.randomUUID(); // pressed twice, it counts once
  document.getElementById("instruct-about").textContent = title;
  form.querySelector(".form-error").hidden = true;
  dialog.showModal();
  form.elements.words.focus();
}

form?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const wrong = form.querySelector(".form-error");
  const button = form.querySelector(".btn-primary");
  button.disabled = true;
  wrong.hidden = true;
  try {
    const body = { ...about, words: form.elements.words.value };
    const { status, data } = await send("POST", "/api/v1/supervisions", body, { "Idempotency-Key": key });
    if (status >= 400 && data.code !== "repeated") throw new Refused(status, data);
    form.reset();
    dialog.close();
    toast(s("instructed"), "good");
    dialog.dispatchEvent(new CustomEvent("instructed", { detail: data }));
  } catch (error) {
    if (!(error instanceof Refused || error instanceof TypeError)) throw error;
    wrong.textContent = error instanceof Refused ? sentence(error.problem) : s("offline"); // the words stay
    wrong.hidden = false;
  } finally {
    button.disabled = false;
  }
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.hasAttribute("data-instruct")) instruct(button);
  if (button.hasAttribute("data-close")) button.closest("dialog").close();
  if (button.hasAttribute("data-usual")) {
    form.elements.words.value = button.textContent.trim();
    form.elements.words.focus();
  }
});
