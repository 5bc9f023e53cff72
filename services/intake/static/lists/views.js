// Saved views: keep this list under a name, share it, delete it.

import { confirmed, tell } from "/static/dialogs.js";
import { ask } from "/static/http.js";
import { s } from "/static/strings.js";

const dialog = document.getElementById("views-dialog");

document.getElementById("open-views").addEventListener("click", () => dialog.showModal());
document.getElementById("views-close").addEventListener("click", () => dialog.close());

document.getElementById("view-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const { name, shared } = event.target.elements;
  const query = document.getElementById("results").dataset.canonical;
  try {
    await ask("POST", "/api/v1/views", { name: name.value, query, shared: shared.checked });
    location.assign(`/desk/tickets${query ? `?${query}` : ""}`);
    if (!query) location.reload();
  } catch (error) {
    dialog.close();
    tell(error);
  }
});

for (const row of dialog.querySelectorAll("[data-view]")) {
  const address = `/api/v1/views/${row.dataset.view}`;
  row.querySelector(".view-share").addEventListener("change", async (event) => {
    try {
      await ask("PATCH", address, { shared: event.target.checked });
    } catch (error) {
      event.target.checked = !event.target.checked;
      dialog.close();
      tell(error);
    }
  });
  row.querySelector(".view-forget").addEventListener("click", async () => {
    const name = row.firstElementChild.textContent;
    if (!(await confirmed(s("forget_view", { name }), { danger: true }))) return;
    try {
      await ask("DELETE", address);
      location.reload();
    } catch (error) {
      dialog.close();
      tell(error);
    }
  });
}
