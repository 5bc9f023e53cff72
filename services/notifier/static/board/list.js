// A list behind a number of the board, kept right by the live line; instructions are written here.

import { counted } from "/static/countdown.js";
import { follow } from "/static/live.js";
import { fresh } from "/static/part.js";
import { shortcut } from "/static/shortcuts.js";
import { s } from "/static/strings.js";
import "./instruct.js";

const live = document.getElementById("live");
const list = () => document.getElementById("list");

async function refresh() {
  const part = await fresh(location.href, "list");
  if (!part) return;
  const id = document.activeElement?.closest("[data-id]")?.dataset.id;
  const tag = document.activeElement?.tagName.toLowerCase();
  list().replaceWith(part);
  counted();
  if (id) document.querySelector(`[data-id="${id}"] ${tag}`)?.focus({ preventScroll: true });
}

function step(by) {
  const links = [...list().querySelectorAll("tbody th a")];
  const at = links.indexOf(document.activeElement);
  links[Math.min(Math.max(at + by, 0), links.length - 1)]?.focus();
}

shortcut("j", s("key_next"), () => step(1));
shortcut("k", s("key_before"), () => step(-1));
shortcut("i", s("key_instruct"), () => document.activeElement.closest("tr").querySelector("[data-instruct]").click(), {
  when: () => Boolean(document.activeElement?.closest("tr")?.querySelector("[data-instruct]")),
});
document.getElementById("instruct")?.addEventListener("instructed", refresh);
follow(refresh, (on) => {
  live.textContent = on ? live.dataset.on : live.dataset.off;
  live.dataset.state = on ? "on" : "off";
});
document.documentElement.dataset.ready = "yes";
