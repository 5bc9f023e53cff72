// The form of an article: categories are typed, not hunted for in a list of hundreds.

import { enhance } from "./picker.js";

for (const select of document.querySelectorAll("select[data-picker]")) enhance(select);
