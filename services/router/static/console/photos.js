// Photos of a form: uploaded at once, named by their file_id when the form is sent.

import { Refused, send } from "/static/http.js";
import { s, sentence } from "/static/strings.js";

/** Make a file field and the list beside it work; `onChange` after each change. */
export function photosOf(input, list, onChange = () => {}) {
  let files = [];
  const api = {
    /** The ids of those that have arrived. */
    ids: () => files.filter((file) => file.kept).map((file) => file.kept.file_id),
    /** Those that have arrived, as they may be kept with a draft. */
    kept: () => files.filter((file) => file.kept).map(({ kept: { file_id, thumb }, name }) => ({ file_id, thumb, name })),
    pending: () => files.some((file) => !file.kept && !file.failed),
    restore(kept) {
      for (const { file_id, thumb, name } of kept) add({ name, kept: { file_id, thumb }, shown: thumb });
    },
    clear() {
      for (const file of files) file.node.remove();
      files = [];
    },
  };

  input.addEventListener("change", () => {
    for (const blob of input.files) {
      const shown = blob.type.startsWith("image/") ? URL.createObjectURL(blob) : null;
      const file = { name: blob.name, shown };
      add(file);
      arrive(file, blob);
    }
    input.value = "";
  });

  function add(file) {
    const node = document.createElement("li");
    if (file.shown) node.append(Object.assign(new Image(), { src: file.shown, alt: file.name }));
    else node.append(Object.assign(document.createElement("span"), { textContent: file.name }));
    file.state = document.createElement("small");
    const away = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm", textContent: s("remove") });
    away.setAttribute("aria-label", `${s("remove")} ${file.name}`);
    away.addEventListener("click", () => {
      files = files.filter((each) => each !== file);
      node.remove();
      onChange();
    });
    node.append(file.state, away);
    file.node = node;
    files.push(file);
    list.append(node);
  }

  async function arrive(file, blob) {
    file.state.textContent = s("uploading");
    const form = new FormData();
    form.append("file", blob, blob.name || "photo.jpg");
    try {
      const { status, data } = await send("POST", "/api/v1/files", form);
      if (status >= 400) throw new Refused(status, typeof data === "object" ? data : {});
      file.kept = data;
      file.state.textContent = s("uploaded");
    } catch (error) {
      if (!(error instanceof Refused || error instanceof TypeError)) throw error;
      file.failed = true;
      file.state.textContent = s("upload_failed", { why: error instanceof Refused ? sentence(error.problem) : s("offline") });
    }
    onChange();
  }

  return api;
}
