// The board on a phone: the worst first, kept right by the live line while nothing is being written.

import { counted } from "/static/countdown.js";
import { follow } from "/static/live.js";
import { fresh } from "/static/part.js";
import "./instruct.js";

const live = document.getElementById("live");
const dialog = document.getElementById("instruct");

async function refresh() {
  if (dialog.open) return; // it is looked at anew once the form is closed
  const part = await fresh("/board/m", "matters");
  if (!part) return;
  document.getElementById("matters").replaceWith(part);
  counted();
}

dialog.addEventListener("close", refresh);
follow(refresh, (on) => {
  live.textContent = on ? live.dataset.on : live.dataset.off;
  live.dataset.state = on ? "on" : "off";
});
document.documentElement.dataset.ready = "yes";
