// One matter's promises, kept right by the live line.

import { counted } from "/static/countdown.js";
import { follow } from "/static/live.js";
import { fresh } from "/static/part.js";
import "./instruct.js";

const live = document.getElementById("live");
const promises = () => document.getElementById("promises");

async function refresh() {
  const part = await fresh(location.href, "promises");
  if (!part) return;
  const open = [...promises().querySelectorAll("details[open]")].map((each) => each.closest("article").id);
  for (const id of open) part.querySelector(`#${CSS.escape(id)} details`)?.setAttribute("open", "");
  promises().replaceWith(part);
  counted();
}

document.getElementById("instruct")?.addEventListener("instructed", refresh);
follow(refresh, (on) => {
  live.textContent = on ? live.dataset.on : live.dataset.off;
  live.dataset.state = on ? "on" : "off";
});
document.documentElement.dataset.ready = "yes";
