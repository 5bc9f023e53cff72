// Rows that are taken away after a question, and numbers that are marked.

import { ask } from "/static/http.js";
import { confirmed, tell } from "/static/dialogs.js";
import { s } from "/static/strings.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-delete]");
  if (!button) return;
  const question = s("sure", { what: button.textContent.trim() });
  if (!(await confirmed(question, { yes: button.textContent.trim(), danger: true }))) return;
  try {
    await ask("DELETE", button.dataset.delete);
    location.reload();
  } catch (error) {
    tell(error);
  }
});

document.getElementById("mark")?.addEventListener("submit", async (event) => {
  event.preventDefault();
  const { phone, reason } = Object.fromEntries(new FormData(event.target));
  try {
    await ask("POST", "/api/v1/harassment-marks", { phone, reason: reason.trim() });
    location.reload();
  } catch (error) {
    tell(error);
  }
});
