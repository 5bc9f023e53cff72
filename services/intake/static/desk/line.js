// The calls of this desk, live: the server tells all running ones each time they change.

import { s } from "/static/strings.js";

const AGAIN_MS = 2000;
const lamp = document.getElementById("stream");
let source = null;
let wait = null;

/** Listen for as long as the page lives; `heard` gets all running calls. */
export function listen(heard) {
  clearTimeout(wait);
  source?.close();
  source = new EventSource("/api/v1/calls/stream");
  source.addEventListener("calls", (event) => {
    show(true);
    heard(JSON.parse(event.data));
  });
  source.addEventListener("error", () => {
    // a stream that came to its end is begun anew by the browser; one that was refused is not
    if (source.readyState === EventSource.CLOSED) {
      show(false);
      wait = setTimeout(() => listen(heard), AGAIN_MS);
    } else {
      wait = setTimeout(() => source.readyState !== EventSource.OPEN && show(false), AGAIN_MS);
    }
  });
}

function show(connected) {
  clearTimeout(wait);
  const text = s(connected ? "stream_on" : "stream_off");
  if (lamp.textContent !== text) lamp.textContent = text; // said once, not at every event
  lamp.dataset.on = connected ? "yes" : "no";
}
