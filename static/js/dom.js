// Elements from values. Text from the server always becomes a text node, never markup.

export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else if (name === "dataset") Object.assign(element.dataset, value);
    else if (name === "style") Object.assign(element.style, value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  append(element, children);
  return element;
}

function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
}

const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `${document.documentElement.dataset.sprite}#${name}`);
  svg.append(use);
  return svg;
}

// Paints an element's inside anew. What had the focus there, or stood open, has it again: live news must not throw
// anybody at the keyboard back to the top of the page.
export function fill(element, ...children) {
  const { activeElement: before } = document;
  const held = before !== element && element.contains(before) ? nameOf(before) : null;
  const open = new Set([...element.querySelectorAll("details[open] > summary")].map(nameOf));
  element.replaceChildren();
  append(element, children);
  for (const summary of open.size ? element.querySelectorAll("details > summary") : []) summary.parentElement.open ||= open.has(nameOf(summary));
  if (held !== null) focusOn(held, element);
  return element;
}

const nameOf = (element) => [element.tagName, element.dataset.key ?? (element.id || (element.getAttribute("aria-label") ?? element.getAttribute("href") ?? element.textContent))].join(" ");

// Two of one name are none: the focus must not come to stand on another row's button.
function focusOn(name, within) {
  const found = [...within.querySelectorAll(name.slice(0, name.indexOf(" ")))].filter((one) => nameOf(one) === name && !one.disabled);
  (found.length === 1 ? found[0] : within.closest("[tabindex]"))?.focus({ preventScroll: true });
}

// Opens a dialog that gives the focus back where it was, though the page was painted anew meanwhile.
export function showDialog(dialog) {
  const { activeElement: from } = document;
  dialog.addEventListener("close", () => { if (!from.isConnected) focusOn(nameOf(from), byId("main")); }, { once: true });
  dialog.showModal();
}

export function setText(element, text) {
  if (element && element.textContent !== text) element.textContent = text;
}

export function pageData(id) {
  const element = document.getElementById(id);
  return element === null ? null : JSON.parse(element.textContent);
}

export const byId = (id) => document.getElementById(id);

// The server's clock, from the last heartbeat: countdowns do not trust the browser's.
let offset = 0;
export function setServerTime(iso) {
  offset = Date.parse(iso) - Date.now();
}
export const serverNow = () => Date.now() + offset;
