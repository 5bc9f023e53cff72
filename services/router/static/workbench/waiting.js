// Shows what waits on this device to be sent, and what was not taken.

import { toast } from "/static/dialogs.js";
import { s, sentence } from "/static/strings.js";
import { begin, discard, waiting } from "./reports.js";

const box = document.getElementById("waiting");

/** Begin to show and to send; `onSent` is called once something that waited was taken. */
export async function showWaiting(onSent) {
  await begin(async (parcel) => {
    if (parcel?.state === "sent") {
      toast(s("waiting_sent", { what: s(parcel.body.type) }), "good");
      onSent(parcel);
    }
    await show();
  });
}

async function show() {
  const parcels = await waiting();
  box.hidden = parcels.length === 0;
  box.replaceChildren(...parcels.map(line));
}

function line(parcel) {
  const node = document.createElement("p");
  const what = `${s(parcel.body.type)} · ${parcel.title}`;
  const refused = parcel.state === "refused";
  node.className = `notice ${refused ? "notice-bad" : "notice-warn"}`;
  node.dataset.state = parcel.state;
  const words = document.createElement("span");
  words.textContent = refused ? s("waiting_refused", { what, why: sentence(parcel.why) }) : s("waiting", { what });
  node.append(words);
  if (refused) {
    const away = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: s("discard") });
    away.addEventListener("click", () => discard(parcel.key));
    node.append(away);
  }
  return node;
}
