// Keys: what each page's own do, and the list of them that `?` opens.

import { byId, showDialog } from "./dom.js";

// A field of a dialog that has just closed has the focus until the next frame: nobody types there.
const isTyping = ({ target }) => target.closest("input, select, textarea, dialog, [contenteditable]") !== null && target.closest("dialog")?.open !== false;

// Runs what `keys` names for a key that is pressed alone and outside of any field.
export function onKeys(keys) {
  document.addEventListener("keydown", (event) => {
    if (isTyping(event) || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const run = keys[event.key.toLowerCase()];
    if (!run) return;
    event.preventDefault();
    run();
  });
}

export function wireKeys() {
  const dialog = byId("keys-dialog");
  const show = () => showDialog(dialog);
  byId("keys-open").addEventListener("click", () => {
    byId("user-menu").focus(); // its menu closes: what opened the list cannot have the focus back
    show();
  });
  dialog.querySelector("[data-close]").addEventListener("click", () => dialog.close());
  onKeys({ "?": show });
}
