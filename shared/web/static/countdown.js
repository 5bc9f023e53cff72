// Goes on counting what the server said is left of each promise, in that promise's own time.

import { s } from "/static/strings.js";

const MINUTE = 60;
const HOUR = 3600;

let started = performance.now();

/** Begin anew with what now stands on the page. */
export function counted() {
  started = performance.now();
}

/** The words for so many seconds; as `_time` of the page has it. */
export function time(seconds, working, day) {
  const kind = working ? "working_" : "";
  const whole = Math.abs(Math.trunc(seconds));
  const days = Math.floor(whole / day);
  const hours = Math.floor((whole % day) / HOUR);
  const minutes = Math.floor((whole % day % HOUR) / MINUTE);
  // a limit of working days begins on the day after: hours beside them would read as more than it
  if (days && working) return s("working_days", { n: days });
  if (days) return s("days", { n: days }) + (hours ? ` ${s("hours", { n: hours })}` : "");
  if (hours) return s(`${kind}hours`, { n: hours }) + (minutes ? ` ${s("minutes", { n: minutes })}` : "");
  return minutes ? s(`${kind}minutes`, { n: minutes }) : s("moment");
}

function tick() {
  const rate = Number(document.querySelector("[data-rate]")?.dataset.rate ?? 1);
  const passed = ((performance.now() - started) / 1000) * rate;
  for (const node of document.querySelectorAll("[data-left]")) {
    const { left, working, runs, day } = node.dataset;
    const now = Number(left) - (runs ? passed : 0);
    const words = s(now < 0 ? "late" : "left", { time: time(now, working, Number(day)) });
    if (node.textContent !== words) node.textContent = words;
    if (now < 0) node.classList.replace("w-main", "w-bad") || node.classList.replace("w-warn", "w-bad");
  }
}

setInterval(tick, 1000);
