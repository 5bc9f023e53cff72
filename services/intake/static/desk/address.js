// The place: by the name of a compound or road as one types, or by a pin on the map.

import { ask, Refused } from "/static/http.js";
import { toast } from "/static/dialogs.js";
import { language, s } from "/static/strings.js";
import { combo } from "./combo.js";
import { changed, field, onChange, place, read } from "./form.js";

const WAIT_MS = 180;
const input = document.getElementById("address");
const located = document.getElementById("located");
const dialog = document.getElementById("map-dialog");
let taken = null; // {name, pinned}: what the region and point in `place` came from
let map = null;
let chosen = null; // what the pin on the map stands on

combo(input, document.getElementById("address-list"), {
  wait: WAIT_MS,
  look: async (text) => {
    if (!text) return [];
    try {
      return (await ask("GET", `/map/locate?q=${encodeURIComponent(text)}`)).items;
    } catch (error) {
      if (!(error instanceof Refused) && !(error instanceof TypeError)) throw error;
      return []; // typed addresses are located at registration too
    }
  },
  show: (item) => {
    const name = document.createElement("span");
    name.textContent = item.name;
    const where = document.createElement("span");
    where.className = "muted small";
    where.textContent = item.region_name ?? "";
    return [name, where];
  },
  take,
});

function take(item) {
  const typed = input.value.trim();
  // what was typed beyond the name (a building, a gate) is kept
  input.value = typed.includes(item.name) ? typed : item.name;
  place.region = item.region ?? "";
  // the middle of a road or a community is no point that anybody meant
  place.lat = item.compound ? item.lat : null;
  place.lon = item.compound ? item.lon : null;
  taken = { name: item.name, pinned: false };
  show(item);
  changed();
}

input.addEventListener("input", () => {
  if (taken && !taken.pinned && !input.value.includes(taken.name)) forget();
});

function forget() {
  Object.assign(place, { region: "", lat: null, lon: null });
  taken = null;
  located.textContent = "";
}

onChange(() => {
  const { address, lat, lon, region } = read();
  if (!address && lat === null && !region) {
    taken = null;
    located.textContent = "";
  } else if (!located.textContent && lat !== null) {
    located.textContent = s("pinned", { lat: lat.toFixed(5), lon: lon.toFixed(5) });
  }
});

function show(item) {
  const region = item.region_name ?? (language === "en" ? item.en : item.zh);
  if (!item.region) located.textContent = s("located_none");
  else if (item.property_name) located.textContent = s("located_property", { region, unit: item.property_name });
  else located.textContent = s("located", { region });
}

// ---- the map ----

async function openMap() {
  const { pinMap } = await import("/static/intake/map.js"); // a large part, loaded when it is used
  const { lat, lon } = place;
  chosen = lat === null ? null : { name: taken?.name ?? "", region: place.region, lat, lon };
  if (map) {
    map.resize();
    if (lat === null) map.clear();
    else map.set(lat, lon, { look: true });
    return;
  }
  map = await pinMap(document.getElementById("map"), {
    lat,
    lon,
    onMove: (point) => {
      chosen = { name: "", region: "", ...point };
    },
    onPlace: (found) => {
      chosen = found;
    },
  });
}

document.getElementById("pin").addEventListener("click", async () => {
  dialog.showModal();
  try {
    await openMap();
  } catch (error) {
    dialog.close();
    toast(s("map_failed"), "bad");
    throw error;
  }
});
document.getElementById("map-cancel").addEventListener("click", () => dialog.close());
document.getElementById("map-take").addEventListener("click", () => {
  dialog.close();
  if (!chosen) return;
  const name = chosen.compound ?? chosen.name;
  if (!input.value.trim() && name) input.value = name;
  Object.assign(place, { region: chosen.region ?? "", lat: chosen.lat, lon: chosen.lon });
  taken = { name, pinned: true };
  field("no_location").checked = false;
  show(chosen);
  changed();
  input.focus();
});
