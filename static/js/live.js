// The socket: one connection, each stream a snapshot and then changes, and an honest word on whether it is live.

import { pageData, serverNow, setServerTime } from "./dom.js";

const STALE_AFTER = 3000;
const FIRST_PAUSE = 400;
const LONGEST_PAUSE = 15000;
const SIGNED_OUT = 4401;
const KEYS = { proposals: "id", orders: "id", positions: "id", pnl: "account", quotes: "symbol", algos: "id" };

const rows = new Map();
const listeners = new Map();
const stateListeners = new Set();
const keepers = new Set();
const wanted = new Set(["system"]);
let underlyings = [];
let socket = null;
let seqs = new Map();
let failures = 0;
let lastLive = null;
let lastBeat = {};
let isSignedOut = false;
let state = { live: false, since: null, isSignedOut };

export const rowsOf = (stream) => rows.get(stream) ?? new Map();
export const isLive = () => state.live;
export const system = () => lastBeat;

export function on(stream, listener) {
  if (!listeners.has(stream)) listeners.set(stream, new Set());
  listeners.get(stream).add(listener);
  want([stream]);
}

export function onState(listener) {
  stateListeners.add(listener);
  listener(state);
}

// While `holds` says that something typed would be lost, a session's end leaves the page where it is.
export const keepWhile = (holds) => keepers.add(holds);

export function want(streams) {
  const fresh = streams.filter((stream) => !wanted.has(stream));
  fresh.forEach((stream) => wanted.add(stream));
  if (fresh.length) ask({ type: "subscribe", streams: fresh });
}

export function wantQuotes(names) {
  const next = [...new Set(names)].sort();
  if (wanted.has("quotes") && next.join() === underlyings.join()) return;
  underlyings = next;
  wanted.add("quotes");
  ask({ type: "subscribe", streams: ["quotes"], underlyings });
}

function ask(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

function address() {
  const { socket_url: configured } = pageData("desk-page") ?? {};
  const own = `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}`;
  return `${configured || own}/ws/desk/`;
}

export function connect() {
  socket = new WebSocket(address());
  seqs = new Map();
  socket.addEventListener("open", () => {
    ask({ type: "subscribe", streams: [...wanted], underlyings });
  });
  socket.addEventListener("message", (event) => hear(JSON.parse(event.data)));
  socket.addEventListener("close", (event) => {
    if (event.code === SIGNED_OUT) {
      signedOut();
      return;
    }
    check();
    const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures);
    failures += 1;
    setTimeout(connect, pause * (0.5 + Math.random() / 2));
  });
}

function signedOut() {
  if (![...keepers].some((holds) => holds())) {
    location.assign(`/accounts/login/?next=${encodeURIComponent(location.pathname + location.search)}`);
    return;
  }
  isSignedOut = true;
  check();
}

// Whoever signed in again in another tab comes back to this one.
function comeBack() {
  if (document.hidden || socket?.readyState !== WebSocket.CLOSED) return;
  failures = 0;
  if (isSignedOut) connect();
}

function hear({ stream, seq, type, data }) {
  const last = seqs.get(stream) ?? 0;
  seqs.set(stream, seq);
  if (seq !== last + 1 && type !== "snapshot") ask({ type: "resync", stream });
  if (stream === "system") return hearSystem(type, data);
  const key = KEYS[stream];
  const changed = Array.isArray(data) ? data : [data];
  if (key) {
    if (type === "snapshot" || !rows.has(stream)) rows.set(stream, new Map());
    for (const row of changed) rows.get(stream).set(row[key], row);
  }
  tell(stream, { type, changed, whole: type === "snapshot" });
}

function hearSystem(type, data) {
  if (type === "no_snapshot") {
    setTimeout(() => data.streams.forEach((stream) => ask({ type: "resync", stream })), 1000);
    return;
  }
  if (type === "beat") {
    failures = 0;
    isSignedOut = false;
    setServerTime(data.system_time);
    if (data.live) lastLive = Date.now();
    lastBeat = data;
    check();
  }
  tell("system", { type, changed: [data], whole: false });
}

function tell(stream, message) {
  for (const listener of listeners.get(stream) ?? []) {
    try {
      listener(message, rowsOf(stream));
    } catch (error) {
      console.error(error); // one broken corner of the page must not silence the others
    }
  }
}

function check() {
  const open = socket?.readyState === WebSocket.OPEN;
  // What the last beat said holds until the next: a check by the clock must not take it back.
  const live = open && lastBeat?.live === true && lastLive !== null && Date.now() - lastLive < STALE_AFTER;
  if (live === state.live && isSignedOut === state.isSignedOut) return;
  state = { live, isSignedOut, since: live ? null : new Date(lastLive === null ? serverNow() : lastLive).toISOString() };
  document.documentElement.dataset.live = live ? "yes" : "no";
  document.dispatchEvent(new CustomEvent("desk:live", { detail: state }));
  stateListeners.forEach((listener) => listener(state));
}

setInterval(check, 250);
// A tab that was asleep asks at once rather than after a pause.
document.addEventListener("visibilitychange", comeBack);
window.addEventListener("focus", comeBack);
