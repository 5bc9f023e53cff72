// Where it is: the phone's place on a tap, a pin on the map, a name while it is typed.

import { language, s } from "/static/strings.js";

const address = document.getElementById("address");
const names = document.getElementById("places");
const told = document.getElementById("place");
const here = document.getElementById("here");
const part = document.getElementById("map-part");
const lat = document.querySelector("input[name=lat]");
const lon = document.querySelector("input[name=lon]");
let pin = null;
let notify = () => {};
let timer = null;

/** The point that was chosen, or null. */
export function point() {
  return lat.value ? { lat: Number(lat.value), lon: Number(lon.value) } : null;
}

/** Call when the place changed. */
export function onPlace(act) {
  notify = act;
}

/** Set the point without asking anybody; null takes it away. */
export function setPoint(to) {
  lat.value = to ? String(to.lat) : "";
  lon.value = to ? String(to.lon) : "";
  if (!to) told.hidden = true;
  else pin?.set(to.lat, to.lon);
}

/** Take a point and say in words where that is: `how` is a key with {place}. */
export async function take(to, how) {
  setPoint(to);
  tell(s(how, { place: await nameOf(to) }));
  notify();
}

function tell(words) {
  told.textContent = words;
  told.hidden = false;
}

async function nameOf({ lat: north, lon: east }) {
  try {
    const answer = await fetch(`/map/locate?lat=${north}&lon=${east}`);
    if (!answer.ok) return s("place_point");
    const { items } = await answer.json();
    return (language === "en" ? items[0]?.en : items[0]?.zh) || s("place_point");
  } catch (error) {
    if (error instanceof TypeError) return s("place_point"); // no network: the point is what counts
    throw error;
  }
}

here.hidden = !("geolocation" in navigator);
here.addEventListener("click", () => {
  tell(s("locating"));
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => take({ lat: coords.latitude, lon: coords.longitude }, "place_here"),
    () => tell(s("no_gps")),
    { enableHighAccuracy: true, timeout: 15000, maximumAge: 60000 },
  );
});

address.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(suggest, 250);
});
address.addEventListener("change", () => notify());

async function suggest() {
  const typed = address.value.trim();
  if (typed.length < 2) return;
  try {
    const answer = await fetch(`/map/locate?q=${encodeURIComponent(typed)}&limit=6`);
    if (!answer.ok) return;
    const { items } = await answer.json();
    names.replaceChildren(...items.map((item) => Object.assign(document.createElement("option"), { value: item.name })));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
  }
}

part.hidden = false;
part.addEventListener("toggle", async () => {
  if (!part.open || pin) return;
  try {
    const { pinMap } = await import("/static/intake/map.js");
    pin = await pinMap(document.getElementById("map"), {
      ...(point() ?? {}),
      onMove: (to) => take({ lat: to.lat, lon: to.lon }, "place_pin"),
    });
  } catch (error) {
    tell(s("map_failed"));
    throw error;
  }
});
