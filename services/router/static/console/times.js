// Times as people set them: of Shanghai, whatever zone the browser is in, on the city's own clock.

const SHANGHAI_MS = 8 * 3600_000;
const MINUTE_MS = 60_000;

/** A clock that goes on from `iso` at `rate`: call it for the city's time now. */
export function clockFrom(iso, rate) {
  const began = performance.now();
  const start = Date.parse(iso);
  return () => new Date(start + (performance.now() - began) * rate);
}

/** A moment as a datetime-local field has it. */
export function toField(moment) {
  return new Date(moment.getTime() + SHANGHAI_MS).toISOString().slice(0, 16);
}

/** What a datetime-local field says, as an instant; null when empty. */
export function fromField(text) {
  return text ? `${text.length === 16 ? `${text}:00` : text}+08:00` : null;
}

/** So many minutes from now, in whole minutes. */
export function ahead(now, minutes) {
  return new Date(Math.floor(now.getTime() / MINUTE_MS) * MINUTE_MS + minutes * MINUTE_MS);
}

/** Nine in the morning of the next day in Shanghai. */
export function tomorrowAtNine(now) {
  const day = toField(new Date(now.getTime() + 24 * 3600_000)).slice(0, 10);
  return new Date(`${day}T09:00:00+08:00`);
}
