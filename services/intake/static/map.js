// The map with one pin: `pinMap(element, {lat, lon, onMove, onPlace})`. Points given and told are
// WGS84, whatever the tiles below are. Drawn from /map/base.json, so that it works without tiles.

import "/static/vendor/leaflet/leaflet.js";
import { toGcj02, toWgs84 } from "./gcj02.js";

const L = globalThis.L;
const STEP_METRES = 10;
const FAR_METRES = 100;
const METRES_PER_DEGREE = 111195;
const LOOK_AFTER_MS = 250;
const ARROWS = { ArrowUp: [1, 0], ArrowDown: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] };
const CLOSE_ZOOM = 15;
// of an area, by its place in the list, so that neighbours differ
const TINTS = ["tint-0", "tint-1", "tint-2", "tint-3"];
// from which zoom on the names of a kind are shown
const NAMED_FROM = { district: [0, 12], street: [12, 14], community: [14, 30], road: [15, 30], compound: [15, 30] };

let baseLoading = null;

/** The base map; loaded once a page. */
function loadBase() {
  baseLoading ??= fetch(`/map/base.json?lang=${document.documentElement.lang || "zh-CN"}`).then((answer) => {
    if (!answer.ok) throw new Error(`base map: ${answer.status}`);
    return answer.json();
  });
  baseLoading.catch(() => { baseLoading = null; });
  return baseLoading;
}

function addStyle(href) {
  if (document.querySelector(`link[href="${href}"]`)) return Promise.resolve();
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  const loaded = new Promise((resolve, reject) => {
    link.onload = resolve;
    link.onerror = () => reject(new Error(href));
  });
  document.head.append(link);
  return loaded;
}

/** What lies at a point, as /map/locate tells it. */
export async function placeAt(lat, lon, signal) {
  const answer = await fetch(`/map/locate?lat=${lat}&lon=${lon}`, { signal });
  if (!answer.ok) throw new Error(`locate: ${answer.status}`);
  return (await answer.json()).items[0];
}

/** The places that a text may mean: names, parts of names, pinyin initials, addresses. */
export async function placesLike(text, signal) {
  const answer = await fetch(`/map/locate?q=${encodeURIComponent(text)}`, { signal });
  if (!answer.ok) throw new Error(`locate: ${answer.status}`);
  return (await answer.json()).items;
}

/**
 * Makes a map in `element` (which has a height) and writes the place of the pin below it.
 * onMove({lat, lon}) at once when the pin was moved; onPlace(place) when it is known what lies there.
 * Gives {set(lat, lon, {look}), clear(), point(), resize(), remove()}.
 */
export async function pinMap(element, { lat = null, lon = null, onMove = null, onPlace = null } = {}) {
  const [base] = await Promise.all([
    loadBase(),
    addStyle("/static/vendor/leaflet/leaflet.css"),
    addStyle("/static/intake/map.css"),
  ]);
  const words = base.words;
  const isShifted = Boolean(base.tiles?.gcj02);
  const shown = (point) => L.latLng(isShifted ? toGcj02(point.lat, point.lon) : [point.lat, point.lon]);
  const meant = (place) => {
    const [north, east] = isShifted ? toWgs84(place.lat, place.lng) : [place.lat, place.lng];
    return { lat: Number(north.toFixed(6)), lon: Number(east.toFixed(6)) };
  };

  element.classList.add("pin-map");
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", words.label);
  const map = L.map(element, { attributionControl: false, zoomControl: false, maxZoom: 18, minZoom: 8 });
  L.control.zoom({ zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(map);
  L.control.attribution({ prefix: false }).addTo(map).addAttribution(base.tiles?.credit || words.sketch);
  const home = [shown({ lat: base.home[1], lon: base.home[0] }), shown({ lat: base.home[3], lon: base.home[2] })];
  map.fitBounds(home);
  if (base.tiles) {
    L.tileLayer(base.tiles.url, { subdomains: base.tiles.subdomains, maxZoom: 18 }).addTo(map);
    element.classList.add("has-tiles");
  }
  drawBase(map, base, shown);

  const below = document.createElement("p");
  below.className = "pin-place";
  below.setAttribute("aria-live", "polite");
  below.textContent = words.none;
  element.after(below);

  let point = null;
  let pin = null;
  let waiting = 0;
  let looking = null;

  async function look() {
    looking?.abort();
    looking = new AbortController();
    below.textContent = words.looking;
    try {
      const place = await placeAt(point.lat, point.lon, looking.signal);
      below.textContent = document.documentElement.lang === "en" ? place.en : place.zh;
      below.classList.toggle("is-doubtful", place.confidence < 0.85);
      onPlace?.(place);
    } catch (error) {
      if (error.name === "AbortError") return;
      below.textContent = words.away; // the point itself is kept, the server locates it again
    }
  }

  function moved(place, { tell = true, lookUp = true } = {}) {
    point = meant(place);
    if (tell) onMove?.({ ...point });
    clearTimeout(waiting);
    if (lookUp) waiting = setTimeout(look, LOOK_AFTER_MS);
  }

  function put(place, options) {
    if (pin === null) {
      pin = newPin(place, words.pin).addTo(map);
      const handle = pin.getElement();
      pin.on("drag", () => moved(pin.getLatLng(), { lookUp: false }));
      pin.on("dragend", () => moved(pin.getLatLng()));
      handle.addEventListener("keydown", byKey);
    } else {
      pin.setLatLng(place);
    }
    moved(place, options);
  }

  function byKey(event) {
    const way = ARROWS[event.key];
    if (!way || event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    event.stopPropagation();
    const metres = event.shiftKey ? FAR_METRES : STEP_METRES;
    const from = pin?.getLatLng() ?? map.getCenter();
    const across = METRES_PER_DEGREE * Math.cos((from.lat * Math.PI) / 180);
    const to = L.latLng(from.lat + (way[0] * metres) / METRES_PER_DEGREE, from.lng + (way[1] * metres) / across);
    put(to);
    if (!map.getBounds().pad(-0.1).contains(to)) map.panTo(to);
  }

  map.keyboard.disable(); // the arrows move the pin; zooming keeps its keys
  element.addEventListener("keydown", (event) => {
    if (event.key === "+" || event.key === "=") map.zoomIn();
    else if (event.key === "-") map.zoomOut();
    else byKey(event);
  });
  map.on("click", (event) => put(event.latlng));

  const made = {
    set(north, east, { look: lookUp = true } = {}) {
      const place = shown({ lat: north, lon: east });
      put(place, { tell: false, lookUp });
      map.setView(place, Math.max(map.getZoom(), CLOSE_ZOOM), { animate: false });
    },
    clear() {
      pin?.remove();
      pin = null;
      point = null;
      clearTimeout(waiting);
      looking?.abort();
      below.textContent = words.none;
    },
    point: () => (point === null ? null : { ...point }),
    resize: () => map.invalidateSize(),
    remove() {
      clearTimeout(waiting);
      looking?.abort();
      watching.disconnect();
      map.remove();
      below.remove();
    },
  };
  let wasSeen = map.getSize().x > 0;
  const watching = new ResizeObserver(() => {
    map.invalidateSize({ pan: false });
    if (wasSeen || map.getSize().x === 0) return;
    wasSeen = true; // made while hidden, in a closed panel: what to show is found now
    if (point === null) map.fitBounds(home);
    else map.setView(pin.getLatLng(), CLOSE_ZOOM, { animate: false });
  });
  watching.observe(element);
  if (lat !== null && lon !== null) made.set(Number(lat), Number(lon));
  return made;
}

function newPin(place, words) {
  const icon = L.divIcon({ className: "pin", iconSize: [36, 36], iconAnchor: [18, 34] });
  return L.marker(place, { icon, draggable: true, autoPan: true, keyboard: true, title: words, alt: words });
}

function drawBase(map, base, shown) {
  const at = ([lon, lat]) => shown({ lat, lon });
  const below = map.createPane("base");
  below.classList.add("base-pane");
  map.createPane("names").classList.add("names-pane");
  const painted = { pane: "base", renderer: L.svg({ pane: "base", padding: 0.5 }), interactive: false };
  const names = [];
  base.features.forEach((feature, order) => {
    const { kind, level, name } = feature.properties;
    const { coordinates } = feature.geometry;
    if (kind === "community") {
      const rings = coordinates.map((cell) => cell.map((ring) => ring.map(at)));
      const area = L.polygon(rings, { ...painted, className: `area ${TINTS[order % TINTS.length]}` }).addTo(map);
      names.push({ level: kind, name, place: area.getBounds().getCenter() });
    } else if (kind === "border") {
      L.polyline(coordinates.map((line) => line.map(at)), { ...painted, className: `border-${level}` }).addTo(map);
    } else if (kind === "road") {
      const line = L.polyline(coordinates.map(at), { ...painted, className: "road" }).addTo(map);
      names.push({ level: "road", name, place: line.getCenter() });
    } else if (kind === "compound") {
      L.circleMarker(at(coordinates), { ...painted, radius: 3, className: "compound" }).addTo(map);
      names.push({ level: kind, name, place: at(coordinates) });
    } else {
      names.push({ level, name, place: at(coordinates) });
    }
  });
  keepNamed(map, names);
}

/** Shows the names that fit the zoom and the window; others would only crowd it. */
function keepNamed(map, names) {
  const layer = L.layerGroup().addTo(map);
  const rename = () => {
    const zoom = map.getZoom();
    const window_ = map.getBounds();
    layer.clearLayers();
    for (const { level, name, place } of names) {
      const [from, to] = NAMED_FROM[level];
      if (zoom < from || zoom >= to || !window_.contains(place)) continue;
      const text = document.createElement("span");
      text.textContent = name;
      const icon = L.divIcon({ className: `name name-${level}`, html: text, iconSize: null });
      L.marker(place, { icon, interactive: false, keyboard: false, pane: "names" }).addTo(layer);
    }
  };
  map.on("zoomend moveend resize", rename);
  rename();
}
