// The photos of a report: chosen, shown at once, uploaded while one goes on, taken away again.

import { csrf } from "/static/http.js";
import { s, sentence } from "/static/strings.js";
import { upload } from "./sending.js";

const MOST = 9;

/**
 * The photo list of a form. `photos` are those of its draft; `changed` is called when one comes, goes
 * or has arrived, `refused` with the sentence of why one is not taken.
 */
export function photoList(list, { changed, refused }) {
  let photos = [];
  const under = new Set(); // uploads under way

  function show() {
    list.hidden = photos.length === 0;
    list.replaceChildren(...photos.map(item));
  }

  function item(photo, place) {
    photo.node = document.createElement("li");
    const image = document.createElement("img");
    photo.shown ??= URL.createObjectURL(photo.blob);
    image.src = photo.shown;
    image.alt = s("photo_n", { n: place + 1 });
    const away = document.createElement("button");
    away.type = "button";
    away.className = "r-remove";
    away.textContent = "×";
    away.setAttribute("aria-label", s("remove"));
    away.addEventListener("click", () => remove(photo));
    const state = document.createElement("p");
    state.className = "r-photo-state";
    state.setAttribute("role", "status");
    const bar = document.createElement("progress");
    bar.max = 100;
    bar.hidden = true;
    bar.setAttribute("aria-label", s("uploading", { percent: "" }));
    photo.node.append(image, away, bar, state);
    tell(photo);
    return photo.node;
  }

  function tell(photo) {
    const bar = photo.node.querySelector("progress");
    const state = photo.node.querySelector(".r-photo-state");
    bar.hidden = photo.percent === undefined || Boolean(photo.photo_id);
    bar.value = photo.percent ?? 0;
    if (photo.photo_id) state.textContent = s("uploaded");
    else if (photo.percent !== undefined) state.textContent = s("uploading", { percent: photo.percent });
    else state.textContent = s("kept");
  }

  function send(photo) {
    if (photo.photo_id) return;
    const work = sent(photo).finally(() => under.delete(work));
    under.add(work);
  }

  async function sent(photo) {
    photo.percent = 0;
    tell(photo);
    try {
      const { photo_id: photoId, lat, lon } = await upload(photo, csrf(), (percent) => {
        photo.percent = percent;
        if (photos.includes(photo)) tell(photo);
      });
      Object.assign(photo, { photo_id: photoId, lat, lon });
    } catch (error) {
      if (error.problem && !error.waits) {
        remove(photo);
        refused(sentence(error.problem));
        return;
      }
      if (!error.problem && !(error instanceof TypeError)) throw error;
    }
    delete photo.percent;
    if (photos.includes(photo)) tell(photo);
    changed();
  }

  function remove(photo) {
    photo.stop?.();
    URL.revokeObjectURL(photo.shown);
    photos = photos.filter((each) => each !== photo);
    show();
    changed();
    if (photo.photo_id) {
      // not taken back, it is thrown away after a day
      fetch(`/r/photos/${photo.photo_id}`, {
        method: "DELETE", headers: { "X-CSRF-Token": csrf() }, credentials: "same-origin",
      }).catch(() => {});
    }
  }

  return {
    /** What is kept of them in a draft. */
    get parcels() {
      return photos.map(({ id, blob, photo_id: photoId, lat, lon }) => ({
        id, blob, photo_id: photoId, lat, lon,
      }));
    },
    /** The place a photo was taken at, or null. */
    get place() {
      return photos.find((photo) => typeof photo.lat === "number") ?? null;
    },
    get count() {
      return photos.length;
    },
    /** Once no upload is under way any more. */
    async settled() {
      await Promise.allSettled([...under]);
    },
    add(files) {
      const room = MOST - photos.length;
      if (files.length > room) refused(s("too_many"));
      const added = [...files].slice(0, room).map((blob) => ({ id: crypto.randomUUID?.() ?? String(Math.random()), blob }));
      photos.push(...added);
      show();
      changed();
      for (const photo of added) send(photo);
    },
    /** The photos of a draft that was kept. */
    restore(kept) {
      photos = kept.map((photo) => ({ ...photo }));
      show();
      for (const photo of photos) send(photo);
    },
    clear() {
      for (const photo of photos) URL.revokeObjectURL(photo.shown);
      photos = [];
      show();
    },
  };
}
