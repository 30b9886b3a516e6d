// A person's decision: the dialogs that ask for what is missing, and the words on what came of it.

import { post } from "./api.js";
import { byId, setText, showDialog } from "./dom.js";
import { sayError, toast } from "./toast.js";

const path = (row, what) => `/proposals/${row.id}/${what}/`;

export async function approve(row) {
  if (row.outcome === "SOFT_BLOCK") return askOverride(row);
  try {
    sayApproved(row, await post(path(row, "approval"), { content_hash: row.content_hash }));
  } catch (error) {
    sayError("Not approved", error);
  }
}

function sayApproved(row, { order, run }) {
  if (order) toast("done", "Approved and on its way", row.sentence);
  else if (run) toast("done", `Approved, worked by ${run.algo_name.toLowerCase()}`, row.sentence);
  else toast("note", "Approved by you", "It needs one more person.");
}

function askOverride(row) {
  const dialog = byId("override-dialog");
  dialog.querySelector("form").reset(); // what was said of another proposal is not this one's reason
  setText(dialog.querySelector(".about"), row.sentence);
  open(dialog, async (form) => {
    const reason = form.elements.reason.value;
    sayApproved(row, await post(path(row, "approval"), { content_hash: row.content_hash, reason }));
  });
}

export async function hold(row) {
  const wasHeld = row.status === "HELD";
  try {
    await post(path(row, "hold"));
    toast("note", wasHeld ? "Let go" : "Held", wasHeld ? "Others can decide it again." : "Its time runs on; press H again to let it go.");
  } catch (error) {
    sayError(wasHeld ? "Not let go" : "Not held", error);
  }
}

export function askRejection(row) {
  const dialog = byId("reject-dialog");
  dialog.querySelector("form").reset();
  setText(dialog.querySelector(".about"), row.sentence);
  open(dialog, async (form) => {
    await post(path(row, "rejection"), { reason_code: form.elements.reason_code.value, reason_text: form.elements.reason_text.value });
    toast("done", "Rejected", row.sentence);
  });
}

// Opens a dialog whose form acts once; an error stays in the dialog, with what was typed.
export function open(dialog, act) {
  const form = dialog.querySelector("form");
  const wrong = dialog.querySelector(".form-error");
  const submit = form.querySelector("[type=submit]");
  wrong.hidden = true;
  form.onsubmit = async (event) => {
    event.preventDefault();
    submit.disabled = true;
    try {
      await act(form);
      dialog.close();
    } catch (error) {
      wrong.hidden = false;
      setText(wrong, `${error.message} Nothing was changed.`);
    } finally {
      submit.disabled = false;
    }
  };
  dialog.querySelector("[data-close]").onclick = () => dialog.close();
  showDialog(dialog);
  form.querySelector("input, select, textarea")?.focus();
}
