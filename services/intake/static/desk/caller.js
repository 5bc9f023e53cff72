// What is known of the caller: earlier tickets to be read out or urged, drafts, notes, the mark.

import { ask, csrf, Refused } from "/static/http.js";
import { tell, toast } from "/static/dialogs.js";
import { isComposing } from "/static/shortcuts.js";
import { s } from "/static/strings.js";
import { prompted } from "./prompted.js";

const box = document.getElementById("caller");
const readOut = document.getElementById("read-out");
let asked = 0;
let openDraft = null;

/** `opened(draftId, mine)` is called when a draft of the number shall be gone on with. */
export function onDraft(opened) {
  openDraft = opened;
}

/** Show what is known of whoever calls; the drafts tied to the number, newest first. */
export async function showCall(callId) {
  return show(`/desk/caller?call_id=${encodeURIComponent(callId)}`);
}

/** The same for a number that was typed. */
export async function showPhone(phone) {
  const body = new FormData();
  body.set("phone", phone);
  return show("/desk/caller", { method: "POST", body });
}

async function show(url, options = {}) {
  const mine = (asked += 1);
  let answer;
  try {
    answer = await fetch(url, {
      ...options, headers: { "X-CSRF-Token": csrf() }, credentials: "same-origin",
    });
  } catch (error) {
    tell(error);
    return [];
  }
  if (!answer.ok || mine !== asked) return [];
  box.innerHTML = await answer.text(); // our own template, escaped by the server
  return [...box.querySelectorAll("[data-draft]")].map((button) => button.dataset.draft);
}

/** The draft is gone on with: it waits no more. */
export function opened(draftId) {
  box.querySelector(`[data-draft="${draftId}"]`)?.closest("p").remove();
}

/** The selected earlier ticket, or null. */
function selected() {
  return box.querySelector('#earlier [aria-selected="true"]');
}

/** Select the earlier ticket above (-1) or below (1). */
export function move(step) {
  const rows = [...box.querySelectorAll("#earlier [role=option]")];
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.getAttribute("aria-selected") === "true");
  select(rows[Math.min(rows.length - 1, Math.max(0, at + step))]);
}

function select(row) {
  for (const each of box.querySelectorAll("#earlier [role=option]")) {
    each.setAttribute("aria-selected", String(each === row));
  }
  row.parentElement.setAttribute("aria-activedescendant", row.id);
  row.scrollIntoView({ block: "nearest" });
}

/** Read the progress of the selected ticket to the caller. */
export function read() {
  const row = selected();
  if (!row) return toast(s("no_ticket"));
  document.getElementById("read-out-words").textContent = row.dataset.readOut;
  if (!readOut.open) readOut.showModal();
}

/** Urge the selected ticket for the caller. */
export async function urge() {
  const row = selected();
  if (!row) return toast(s("no_ticket"));
  try {
    await ask("POST", `/api/v1/tickets/${row.dataset.ticket}/urges`);
    toast(s("urged", { number: row.dataset.number }), "good");
  } catch (error) {
    tell(error);
  }
}

function openTicket() {
  const row = selected();
  if (row) window.open(`/desk/tickets/${row.dataset.ticket}`, "_blank", "noopener");
}

box.addEventListener("keydown", (event) => {
  if (isComposing(event) || event.target.id !== "earlier") return;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter") {
    event.preventDefault();
    openTicket();
  }
});

box.addEventListener("click", (event) => {
  const row = event.target.closest("#earlier [role=option]");
  if (row) select(row);
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.do === "urge") urge();
  else if (button.dataset.do === "read-out") read();
  else if (button.dataset.do === "open") openTicket();
  else if (button.dataset.draft) openDraft?.(button.dataset.draft, button.dataset.mine === "yes");
  else if (button.dataset.note) removeNote(button);
  else if ("mark" in button.dataset) markNumber();
});

box.addEventListener("dblclick", (event) => {
  if (event.target.closest("#earlier [role=option]")) openTicket();
});

box.addEventListener("submit", async (event) => {
  event.preventDefault();
  const input = event.target.querySelector("input");
  if (input.value.trim().length < 2) return;
  try {
    await ask("POST", "/api/v1/caller-notes", { phone: number(), text: input.value.trim() });
    await showPhone(number());
    toast(s("noted"), "good");
  } catch (error) {
    tell(error);
  }
});

async function removeNote(button) {
  try {
    await ask("DELETE", `/api/v1/caller-notes/${button.dataset.note}`);
    button.closest("p").remove();
  } catch (error) {
    tell(error);
  }
}

async function markNumber() {
  const phone = number();
  const reason = await prompted(s("mark_question"), { yes: s("mark_yes"), least: 2, most: 200 });
  if (reason === null) return;
  try {
    await ask("POST", "/api/v1/harassment-marks", { phone, reason });
    await showPhone(phone);
    toast(s("marked_done"), "good");
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    tell(error);
  }
}

function number() {
  return box.querySelector("[data-caller]").dataset.phone;
}
