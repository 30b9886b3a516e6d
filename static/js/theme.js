// Dark and light: the choice is kept in this browser, and charts are told to draw themselves anew.

const listeners = new Set();

export const theme = () => document.documentElement.dataset.bsTheme;

export function onTheme(listener) {
  listeners.add(listener);
}

export function setTheme(name) {
  document.documentElement.dataset.bsTheme = name;
  document.documentElement.dataset.agThemeMode = name;
  localStorage.setItem("theme", name);
  listeners.forEach((listener) => listener(name));
}

export function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--desk-${name}`).trim();
}

export function wireThemeSwitch(button) {
  const say = () => button.setAttribute("aria-label", theme() === "dark" ? "Switch to light" : "Switch to dark");
  say();
  button.addEventListener("click", () => {
    setTheme(theme() === "dark" ? "light" : "dark");
    say();
  });
}
