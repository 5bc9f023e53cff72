// GCJ-02, the shifted coordinates of Chinese map tiles, to and from WGS84. The same formula as on the
// server; only needed where the tiles below our map are shifted.

const AXIS = 6378245.0;
const ECCENTRICITY_SQUARED = 0.00669342162296594323;

const inChina = (lat, lon) => lat >= 0.8293 && lat <= 55.8271 && lon >= 72.004 && lon <= 137.8347;

function wave(at, ...amplitudes) {
  const sum = amplitudes.reduce((all, [size, often]) => all + size * Math.sin(at * often * Math.PI), 0);
  return (sum * 2) / 3;
}

function shift(lat, lon) {
  const x = lon - 105;
  const y = lat - 35;
  const root = Math.sqrt(Math.abs(x));
  const short = wave(x, [20, 6], [20, 2]);
  const north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + short
    + wave(y, [20, 1], [40, 1 / 3]) + wave(y, [160, 1 / 12], [320, 1 / 30]);
  const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + short
    + wave(x, [20, 1], [40, 1 / 3]) + wave(x, [150, 1 / 12], [300, 1 / 30]);
  const radians = (lat * Math.PI) / 180;
  const flat = 1 - ECCENTRICITY_SQUARED * Math.sin(radians) ** 2;
  return [
    (north * 180) / (((AXIS * (1 - ECCENTRICITY_SQUARED)) / flat ** 1.5) * Math.PI),
    (east * 180) / ((AXIS / Math.sqrt(flat)) * Math.cos(radians) * Math.PI),
  ];
}

export function toGcj02(lat, lon) {
  if (!inChina(lat, lon)) return [lat, lon];
  const [north, east] = shift(lat, lon);
  return [lat + north, lon + east];
}

export function toWgs84(lat, lon) {
  if (!inChina(lat, lon)) return [lat, lon];
  let found = [lat, lon];
  for (let step = 0; step < 12; step += 1) {
    const [north, east] = toGcj02(...found);
    const off = [north - lat, east - lon];
    found = [found[0] - off[0], found[1] - off[1]];
    if (Math.abs(off[0]) < 1e-9 && Math.abs(off[1]) < 1e-9) break;
  }
  return found;
}
