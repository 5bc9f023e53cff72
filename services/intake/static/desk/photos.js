// Photos of the matter: uploaded as they are chosen, shown small, named by their ids.

import { ask } from "/static/http.js";
import { tell } from "/static/dialogs.js";
import { s } from "/static/strings.js";
import { changed, onChange, photos } from "./form.js";

const input = document.getElementById("photo");
const list = document.getElementById("photos");

input.addEventListener("change", async () => {
  for (const file of input.files) {
    const body = new FormData();
    body.set("file", file);
    try {
      const photo = await ask("POST", "/api/v1/photos", body);
      photos.set(photo.photo_id, photo.thumb);
      changed();
    } catch (error) {
      tell(error);
    }
  }
  input.value = "";
});

onChange(() => {
  const shown = [...list.children].map((node) => node.dataset.photo).join();
  if (shown === [...photos.keys()].join()) return;
  list.replaceChildren(...[...photos].map(([photoId, thumb]) => item(photoId, thumb)));
});

function item(photoId, thumb) {
  const node = document.createElement("li");
  node.dataset.photo = photoId;
  if (thumb) {
    const picture = document.createElement("img");
    picture.src = thumb;
    picture.alt = "";
    node.append(picture);
  }
  const remove = document.createElement("button");
  remove.type = "button";
  remove.textContent = "×";
  remove.setAttribute("aria-label", s("photo_remove"));
  remove.addEventListener("click", () => {
    photos.delete(photoId);
    changed();
  });
  node.append(remove);
  return node;
}
