// What every page does: menus close, htmx sends the CSRF token and tells of refusals, print, back.

import { csrf } from "./http.js";
import { tell, toast } from "./dialogs.js";
import { s } from "./strings.js";

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
  const action = event.target.closest("[data-action]")?.dataset.action;
  if (action === "print") window.print();
  if (action === "back") history.back();
});

document.addEventListener("keydown", (event) => {
  const menu = document.querySelector("details.menu[open]");
  if (event.key !== "Escape" || !menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

document.addEventListener("shaodao:signed-out", (event) => {
  location.assign(`/login?next=${encodeURIComponent(event.detail.here)}`);
});

document.addEventListener("htmx:configRequest", (event) => {
  event.detail.headers["X-CSRF-Token"] = csrf();
});

document.addEventListener("htmx:responseError", (event) => {
  const { xhr } = event.detail;
  let problem = null;
  try {
    problem = JSON.parse(xhr.responseText);
  } catch {
    toast(s("failed"), "bad");
    return;
  }
  tell(problem);
});

document.addEventListener("htmx:sendError", () => toast(s("offline"), "bad"));
