// The console's map: the grids of one's region with tiles below where set, pins of whistles, a point.

import "/static/vendor/leaflet/leaflet.js";

const L = globalThis.L;
const CLOSE = 15;
const BESIDE = 26; // pixels between two pins of one point
const NAMED_FROM = 13; // the names of communities

let base = null;

function loadBase() {
  base ??= fetch("/console/map.json", { credentials: "same-origin" }).then((answer) => {
    if (!answer.ok) throw new Error(`map: ${answer.status}`);
    return answer.json();
  });
  base.catch(() => (base = null));
  return base;
}

/** Draw the map into `element`; `onPick({lat, lon})` makes it one to tap a point on. */
export async function drawMap(element, { onPick = null, still = false } = {}) {
  const { areas, names, compounds, tiles } = await loadBase();
  const map = L.map(element, {
    attributionControl: false, zoomControl: !still, keyboard: !still, scrollWheelZoom: !still, zoomAnimation: false, trackResize: false,
    maxZoom: 18, minZoom: 8, zoomSnap: 0.25, // one's own region fills the map, whatever its shape
  });
  const drawn = L.geoJSON(
    { type: "FeatureCollection", features: areas.map(({ geometry }) => ({ type: "Feature", properties: {}, geometry })) },
    { style: { className: "area" }, interactive: false },
  );
  map.setView([0, 0], CLOSE);
  if (tiles) {
    L.tileLayer(tiles, { maxZoom: 18 }).addTo(map);
    element.classList.add("has-tiles");
  }
  drawn.addTo(map);
  const home = areas.length ? drawn.getBounds() : null;
  for (const { lat, lon } of compounds) {
    L.circleMarker([lat, lon], { radius: 3, className: "compound", interactive: false }).addTo(map);
  }
  const named = L.layerGroup().addTo(map);
  const rename = () => {
    named.clearLayers();
    if (map.getZoom() < NAMED_FROM) return;
    for (const { name, lat, lon } of names) {
      if (!map.getBounds().contains([lat, lon])) continue;
      const text = Object.assign(document.createElement("span"), { textContent: name });
      L.marker([lat, lon], { icon: L.divIcon({ className: "c-name", html: text, iconSize: null }), interactive: false, keyboard: false }).addTo(named);
    }
  };
  map.on("zoomend moveend", rename);
  rename();
  let untouched = true; // until somebody looks elsewhere, one's own region is shown whole
  let fitting = false;
  map.on("dragstart zoomstart", () => (untouched &&= fitting));
  const fit = () => {
    fitting = true;
    map.fitBounds(home, { padding: [6, 6] });
    fitting = false;
  };
  new ResizeObserver(() => {
    if (!element.clientWidth || !element.clientHeight) return; // hidden: its size is no size
    map.invalidateSize({ pan: false });
    if (untouched && home) fit();
  }).observe(element);

  const pins = L.layerGroup().addTo(map);
  let spot = null;
  const api = {
    /** Show whistles: [{whistle_id, lat, lon, exact, title, stage, late}]; `words(pin)` names one. */
    show(items, words) {
      pins.clearLayers();
      const there = new Map(); // how many stand at a point already: they stand side by side
      for (const pin of items) {
        const spot = `${pin.lat},${pin.lon}`;
        const nth = there.get(spot) ?? 0;
        there.set(spot, nth + 1);
        pins.addLayer(newPin(pin, words(pin), nth));
      }
    },
    /** Put the point there, or take it away; the map follows unless it was tapped. */
    point(at, { follow = true } = {}) {
      spot?.remove();
      spot = null;
      if (!at) return;
      const icon = L.divIcon({ className: "c-pin c-pin-point", iconSize: [30, 30], iconAnchor: [15, 29] });
      spot = L.marker([at.lat, at.lon], { icon, keyboard: false, interactive: Boolean(onPick), draggable: Boolean(onPick) }).addTo(map);
      if (onPick) spot.on("dragend", () => onPick(meant(spot.getLatLng())));
      if (follow) api.look(at, Math.max(map.getZoom(), CLOSE));
    },
    look(at, zoom = CLOSE) {
      untouched = false;
      map.setView([at.lat, at.lon], zoom);
    },
    names,
  };
  if (onPick) map.on("click", (event) => onPick(meant(event.latlng)));
  return api;
}

/** A point of the map as the contracts have it. */
const meant = ({ lat, lng }) => ({ lat: Number(lat.toFixed(6)), lon: Number(lng.toFixed(6)) });

function newPin(pin, words, nth) {
  const look = pin.late ? "late" : pin.stage;
  const icon = L.divIcon({ className: `c-pin c-dot-${look}${pin.exact ? "" : " c-rough"}`, iconSize: [30, 30], iconAnchor: [15 - BESIDE * nth, 29] });
  const marker = L.marker([pin.lat, pin.lon], { icon, keyboard: true, title: words, alt: words });
  const link = Object.assign(document.createElement("a"), { href: `/console/${pin.whistle_id}`, textContent: words });
  marker.bindPopup(link, { closeButton: false });
  return marker;
}
