// One run: its walk drawn on the quote, its children as they are, and what a person may tell it.

import { may } from "./access.js";
import { sayParameter } from "./algo-words.js";
import { get, post } from "./api.js";
import { drawWalk } from "./charts.js";
import { byId, pageData, setText } from "./dom.js";
import { isLive, on, onState } from "./live.js";
import { hydrate } from "./times.js";
import { sayError, toast } from "./toast.js";

const DRAWN_EVERY = 2000;
const id = byId("algo-head").dataset.run;
const WORDS = {
  pause: { states: ["RUNNING"], action: "CANCEL_ORDER", said: "Paused", more: "Its open order is being taken back." },
  resume: { states: ["PAUSED"], action: "SEND_ORDER", said: "Goes on", more: "The next order is sent when the market allows it." },
  cancel: { states: ["RUNNING", "PAUSED", "STOPPING"], action: "CANCEL_ORDER", said: "Cancelled", more: "The broker decides whether it comes in time." },
};

function draw(walk) {
  byId("walk-chart").hidden = walk.quotes.length === 0;
  byId("walk-empty").hidden = walk.quotes.length > 0;
  if (walk.quotes.length) drawWalk(byId("walk-chart"), walk);
}

const status = () => byId("algo-status").dataset.status;

function wire() {
  hydrate();
  for (const name of document.querySelectorAll("[data-parameter]")) setText(name, sayParameter(name.dataset.parameter));
  const { account } = byId("algo-actions").dataset;
  for (const [word, { states, action }] of Object.entries(WORDS)) {
    const button = byId(`algo-${word}`);
    button.hidden = !states.includes(status()) || !may(action, account);
    button.disabled = !isLive();
    button.onclick = () => tell(word, button);
  }
}

async function tell(word, button) {
  button.disabled = true;
  try {
    await post(`/algos/${id}/${word}/`);
    toast("note", WORDS[word].said, WORDS[word].more);
  } catch (error) {
    sayError("Not done", error);
  }
  refresh();
}

function refresh() {
  window.htmx.trigger("#algo-head", "refresh");
}

async function drawAnew() {
  if (document.hidden || status() === "DONE") return;
  try {
    draw((await get(`/algos/${id}/`)).walk);
  } catch {
    // The next look may succeed; what is drawn says its own times.
  }
}

on("algos", ({ changed, whole }) => {
  if (!whole && changed.some((row) => row.id === id)) refresh();
});
document.body.addEventListener("htmx:afterSettle", wire);
onState(wire);
draw(pageData("walk"));
setInterval(drawAnew, DRAWN_EVERY);
