// Following: the link is copied or shared with a tap. Everything else works without scripts.

import { s } from "/static/strings.js";

for (const button of document.querySelectorAll("[data-copy]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const link = button.dataset.copy;
    if (navigator.share) {
      try {
        await navigator.share({ title: s("share"), url: link });
        return;
      } catch (error) {
        if (error.name === "AbortError") return;
      }
    }
    if (await copied(link)) button.lastChild.textContent = s("copied");
  });
}

// a clipboard is only there over https
async function copied(link) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(link);
    return true;
  }
  const range = document.createRange();
  range.selectNodeContents(document.getElementById("link"));
  const selection = getSelection();
  selection.removeAllRanges();
  selection.addRange(range);
  return document.execCommand("copy");
}
