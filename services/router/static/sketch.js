// The small map of a case: the grids around its place, drawn from the page's own data.

import "/static/vendor/leaflet/leaflet.js";

const L = globalThis.L;
const CLOSE = 15;

/** Draw the sketch of `root` (an element with data-sketch and its JSON beside it), if it has one. */
export function drawSketch(root) {
  const element = root.querySelector("[data-sketch]");
  if (!element) return;
  const sketch = JSON.parse(root.querySelector("[data-sketch-json]").textContent);
  element.setAttribute("role", "img");
  element.setAttribute("aria-label", element.dataset.words);
  const map = L.map(element, {
    attributionControl: false, zoomControl: false, keyboard: false, scrollWheelZoom: false, zoomAnimation: false, maxZoom: 18,
    renderer: L.svg({ padding: 0 }),
  });
  const areas = L.geoJSON(
    { type: "FeatureCollection", features: sketch.areas.map(({ geometry }) => ({ type: "Feature", properties: {}, geometry })) },
    { style: { className: "area" }, interactive: false },
  );
  if (sketch.point) map.setView([sketch.point.lat, sketch.point.lon], CLOSE);
  else map.fitBounds(areas.getBounds());
  if (sketch.tiles) {
    L.tileLayer(sketch.tiles, { maxZoom: 18 }).addTo(map);
    element.classList.add("has-tiles");
  }
  areas.addTo(map);
  for (const { lat, lon } of sketch.compounds) {
    L.circleMarker([lat, lon], { radius: 3, className: "compound", interactive: false }).addTo(map);
  }
  if (sketch.point) {
    const spot = [sketch.point.lat, sketch.point.lon];
    L.circleMarker(spot, { radius: 8, className: "spot", interactive: false }).addTo(map);
  }
}
