// How an order's status is coloured; the word always stands beside the colour.

const KINDS = {
  FILLED: "good", PARTIALLY_FILLED: "info", NEW: "info", READY: "info", PENDING_NEW: "info",
  REJECTED: "bad", DENIED: "bad", IN_DOUBT: "warn", HELD: "warn", SUSPENDED: "warn",
  RUNNING: "info", PAUSED: "warn", STOPPING: "warn", COMPLETED: "good", REFUSED: "bad", KILLED: "bad",
};

export const statusKind = (status) => (KINDS[status] ? [KINDS[status]] : []);
