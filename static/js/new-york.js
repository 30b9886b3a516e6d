// New York's wall clock as a form reads it, and moments as the API does. The offset is read off the zone itself.

const ZONE = "America/New_York";

// "2026-06-10T15:59" in New York, as UTC.
export function fromNewYork(local) {
  const guess = new Date(`${local.length === 16 ? `${local}:00` : local}Z`);
  const there = new Date(guess.toLocaleString("en-US", { timeZone: ZONE }));
  const here = new Date(guess.toLocaleString("en-US", { timeZone: "UTC" }));
  return new Date(guess.getTime() + (here - there)).toISOString();
}

// A moment as the field for a day and a time shows it.
export function toNewYork(iso) {
  if (!iso) return "";
  return new Date(iso).toLocaleString("sv-SE", { timeZone: ZONE, dateStyle: "short", timeStyle: "short" }).replace(" ", "T");
}
