// A ticket's page: each action a dialog; what changed meanwhile is shown before anything is done.

import { ask, csrf, Refused } from "/static/http.js";
import { tell, toast } from "/static/dialogs.js";
import { isComposing, shortcut } from "/static/shortcuts.js";
import { language, s, sentence } from "/static/strings.js";

const main = document.getElementById("main");
const readOut = document.getElementById("read-out");
const ticket = () => document.getElementById("ticket");

main.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (!button) return;
  button.closest("details")?.removeAttribute("open");
  if ("atOnce" in button.dataset) urge();
  else if (button.dataset.do === "read_out") read();
  else open(button.dataset.do);
});

function open(action) {
  const dialog = document.getElementById(`do-${action}`);
  // the version that the operator sees now is the one they act on
  dialog.dataset.version = ticket().dataset.version;
  clear(dialog);
  dialog.showModal();
  dialog.querySelector("textarea, select, input")?.focus();
}

function clear(dialog) {
  for (const note of dialog.querySelectorAll("[data-wrong], [data-changes]")) {
    note.hidden = true;
    note.replaceChildren();
  }
}

for (const dialog of document.querySelectorAll("dialog.do")) {
  const form = dialog.querySelector("form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    act(dialog, form);
  });
  form.addEventListener("keydown", (event) => {
    if (isComposing(event) || event.key !== "Enter" || !event.ctrlKey) return;
    event.preventDefault();
    form.requestSubmit();
  });
  dialog.querySelector("[data-cancel]").addEventListener("click", () => dialog.close());
}

async function act(dialog, form) {
  if (dialog.dataset.busy === "yes") return;
  dialog.dataset.busy = "yes";
  clear(dialog);
  try {
    const body = await readForm(form);
    const versioned = form.dataset.versioned === "yes";
    const method = form.dataset.method;
    let url = form.dataset.url;
    if (versioned && method === "DELETE") url += `?version=${dialog.dataset.version}`;
    else if (versioned) body.version = Number(dialog.dataset.version);
    const data = await ask(method, url, method === "DELETE" ? undefined : body);
    dialog.close();
    form.reset();
    if (dialog.id === "do-contact") await refresh().then(() => showContact(data));
    else await refresh().then(() => toast(s("done"), "good"));
  } catch (error) {
    await refused(dialog, error);
  } finally {
    dialog.dataset.busy = "no";
  }
}

async function readForm(form) {
  const body = {};
  for (const input of form.querySelectorAll("[name]")) {
    const value = input.value.trim();
    if ("lines" in input.dataset) body[input.name] = value.split("\n").map((line) => line.trim()).filter(Boolean);
    else if ("number" in input.dataset) body[input.name] = await byNumber(value);
    else if (value) body[input.name] = value;
  }
  return body;
}

async function byNumber(number) {
  return (await ask("GET", `/desk/find?number=${encodeURIComponent(number)}`)).ticket_id;
}

async function refused(dialog, error) {
  if (!(error instanceof Refused)) return tell(error);
  const { problem } = error;
  if (error.status === 409) return showChanges(dialog, problem);
  const words = dialog.querySelector("[data-wrong]");
  words.textContent = (problem.errors ?? [problem])
    .map((each) => sentence(each).replace(/^[\w.[\]]+[：:]\s*/, ""))
    .join("；");
  words.hidden = false;
  const [first] = problem.errors ?? [];
  (first && dialog.querySelector(`[name="${first.field.split(".")[0]}"]`))?.focus();
}

/** The ticket moved on: who did what, the page behind as it is now, the words kept. */
async function showChanges(dialog, problem) {
  const box = dialog.querySelector("[data-changes]");
  const title = document.createElement("strong");
  title.textContent = sentence(problem);
  box.replaceChildren(title);
  if (problem.changes?.length) {
    const list = document.createElement("ol");
    for (const change of problem.changes) {
      const item = document.createElement("li");
      const at = new Date(change.at).toLocaleString(language, {
        month: "numeric", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false,
        timeZone: "Asia/Shanghai",
      });
      item.textContent = `${at} ${change.who}：${change.zh}`;
      list.append(item);
    }
    const hint = document.createElement("p");
    hint.textContent = s("keep_words");
    box.append(list, hint);
  }
  box.hidden = false;
  await refresh();
  dialog.dataset.version = ticket().dataset.version;
}

/** The page behind the dialogs, as the ticket stands now. */
async function refresh() {
  const url = `/desk/tickets/${ticket().dataset.ticket}?part=whole`;
  const answer = await fetch(url, { headers: { "X-CSRF-Token": csrf() }, credentials: "same-origin" });
  if (!answer.ok) return tell(await answer.json().catch(() => ({})));
  const holder = document.createElement("template");
  holder.innerHTML = await answer.text(); // our own template, escaped by the server
  ticket().replaceWith(holder.content.firstElementChild);
}

function showContact(contact) {
  const list = document.getElementById("contact-shown");
  list.replaceChildren();
  for (const name of ["name", "phone", "door", "text"]) {
    if (!contact[name]) continue;
    const term = document.createElement("dt");
    term.textContent = s(`contact_${name}`);
    const words = document.createElement("dd");
    words.textContent = contact[name];
    list.append(term, words);
  }
  document.getElementById("contact-hidden").textContent = list.children.length ? s("recorded") : s("no_contact");
  list.hidden = false;
}

async function urge() {
  try {
    await ask("POST", `/api/v1/tickets/${ticket().dataset.ticket}/urges`);
    await refresh();
    toast(s("urged"), "good");
  } catch (error) {
    tell(error);
  }
}

function read() {
  document.getElementById("read-out-words").textContent = document.getElementById("read-out-text").textContent;
  if (!readOut.open) readOut.showModal();
}

const can = (action) => () => Boolean(document.querySelector(`[data-do="${action}"]`));
shortcut("F9", s("key_urge"), urge, { when: can("urge") });
shortcut("F10", s("key_read"), read, { when: can("read_out") });
shortcut("F2", s("key_new"), () => location.assign("/desk"));
