// What an order waits for, built as a tree: said in the desk's words as it is built, with what is seen now.

import { ask } from "./api.js";
import { comparison, DEEPEST, fromCondition, group, isGroup, placed, subject, toCondition } from "./condition-tree.js";
import { ComparisonRow } from "./condition-row.js";
import { fill, h, icon, setText } from "./dom.js";

const PAUSE = 250; // after the last change, before the desk is asked
const AGAIN = 3000; // how often it is asked while nothing changes
const WAYS = { "all": "All of these hold", "any": "Any of these holds", "not all": "Not all of these hold", "not any": "None of these holds" };
const UNFINISHED = "What it waits for is not whole yet: see what is said beside the fields.";

export class ConditionBuilder {
  #root;
  #about;
  #tree = fromCondition(null);
  #rows = new Map(); // the row of each comparison, and of each group
  #turn = 0;
  #timer = null;
  #isAsked = false; // somebody wants to send it: every fault is shown, touched or not
  said = "";

  // `about` gives the order that is to wait: account, underlying, legs; null while there is none.
  constructor(root, { about }) {
    this.#root = root;
    this.#about = about;
    root.addEventListener("input", ({ target }) => {
      if (target.dataset.whole) this.#tree[target.dataset.whole] = target.value;
      this.#soon();
    });
    root.addEventListener("focusout", () => this.#soon());
  }

  show(condition) {
    this.#tree = fromCondition(condition);
    this.#isAsked = false;
    this.#paint();
  }

  get value() { return toCondition(this.#tree); }

  // Whether it can be sent as it is; what cannot be is said beside its field.
  async check() {
    if (this.value === null) return true;
    this.#isAsked = true;
    return (await this.#look()) === "";
  }

  async must() {
    if (!(await this.check())) throw new Error(UNFINISHED);
  }

  stop() {
    this.#turn += 1;
    clearTimeout(this.#timer);
  }

  #paint(focus = null, name = undefined) {
    this.#rows.clear();
    const isEmpty = this.#tree.root.of.length === 0;
    fill(this.#root, this.#group(this.#tree.root, 1), isEmpty ? null : this.#whole(), h("p", { class: "condition-said", "aria-live": "polite" }));
    if (focus) this.#rows.get(focus)?.focus(name);
    this.said = "";
    this.#soon();
  }

  #whole() {
    const field = (name, label, more) => h("label", {}, label, h("input", { class: "form-control num", dataset: { whole: name, field: name }, value: this.#tree[name], ...more }),
      h("small", { class: "field-error", dataset: { fault: name }, hidden: true }));
    return h("div", { class: "condition-whole" },
      field("confirm", "All of it, in a row", { type: "number", min: 1, max: 100, step: 1 }),
      field("from", "Looked at from (New York)", { type: "datetime-local" }), field("until", "Given up at (New York)", { type: "datetime-local" }));
  }

  #group(node, depth) {
    const isRoot = depth === 1;
    const add = h("button", { type: "button", class: "btn btn-sm", onclick: () => this.#add(node, comparison(this.#about()?.underlying ?? "")) }, icon("plus"), "Add a comparison");
    const nest = depth < DEEPEST && node.of.length > 0
      && h("button", { type: "button", class: "btn btn-sm", onclick: () => this.#nest(node) }, icon("plus"), "Add a group");
    const fault = h("small", { class: "field-error", hidden: true });
    this.#rows.set(node, { focus: () => add.focus(), tell: (faults) => say(fault, faults[0]?.message), see: () => {} });
    return h("div", { class: `condition-group${isRoot ? "" : " is-inner"}`, role: "group", "aria-label": isRoot ? "What it waits for" : WAYS[way(node)] },
      isRoot && node.of.length < 2 && !node.isNot ? null : h("div", { class: "condition-head" }, this.#way(node), !isRoot && this.#remove(node, "Take the group away")),
      node.of.map((one) => (isGroup(one) ? this.#group(one, depth + 1) : this.#row(one))), fault,
      h("div", { class: "condition-add" }, add, nest));
  }

  #way(node) {
    const chosen = h("select", { class: "form-select", "aria-label": "How these go together" }, Object.entries(WAYS).map(([value, said]) => h("option", { value, selected: value === way(node) }, said)));
    chosen.addEventListener("change", () => {
      node.isNot = chosen.value.startsWith("not");
      node.word = chosen.value.replace("not ", "");
      chosen.closest(".is-inner")?.setAttribute("aria-label", WAYS[way(node)]);
    });
    return chosen;
  }

  #row(leaf) {
    const row = new ComparisonRow(leaf, { about: this.#about, onChange: (name) => this.#paint(leaf, name), remove: this.#remove(leaf, `Take away: ${subject(leaf)}`) });
    this.#rows.set(leaf, row);
    return row.element;
  }

  #remove(node, label) {
    return h("button", { type: "button", class: "btn-plain", "aria-label": label, title: "Take away", onclick: () => this.#drop(node) }, icon("x"));
  }

  #add(node, one) {
    node.of.push(one);
    this.#paint(one);
    this.#changed();
  }

  #nest(node) {
    const one = comparison(this.#about()?.underlying ?? "");
    node.of.push(group([one], node.word === "all" ? "any" : "all"));
    this.#paint(one);
    this.#changed();
  }

  #drop(node) {
    const holder = this.#holder(this.#tree.root, node);
    holder.of = holder.of.filter((one) => one !== node);
    if (!this.#tree.root.of.length) this.#tree = fromCondition(null);
    this.#paint(this.#rows.has(holder) && this.#tree.root.of.length ? holder : this.#tree.root);
    this.#changed();
  }

  #holder(within, node) {
    if (within.of.includes(node)) return within;
    return within.of.filter(isGroup).map((one) => this.#holder(one, node)).find(Boolean);
  }

  // The form around it hears of a change of shape as of one of a field.
  #changed() { this.#root.dispatchEvent(new Event("input", { bubbles: true })); }

  #soon(pause = PAUSE) {
    clearTimeout(this.#timer);
    if (this.value === null) return void this.stop();
    this.#timer = setTimeout(() => (this.#root.offsetParent === null || document.hidden ? this.#soon(AGAIN) : this.#look()), pause);
  }

  async #look() {
    this.#turn += 1;
    const mine = this.#turn;
    clearTimeout(this.#timer);
    const about = this.#about();
    if (about === null) {
      this.#soon(AGAIN);
      return UNFINISHED;
    }
    let seen;
    try {
      seen = await ask("/conditions/look/", { ...about, condition: this.value });
    } catch (error) {
      if (mine === this.#turn) {
        for (const row of this.#rows.values()) row.see(null, error.message); // what was seen before the loss is not now
        this.#say(null, error.message);
        this.#soon(AGAIN);
      }
      return error.message;
    }
    if (mine === this.#turn) {
      this.#tell(seen);
      this.#soon(AGAIN);
    }
    return seen.faults.length ? UNFINISHED : "";
  }

  #tell(seen) {
    const nodes = placed(this.#tree);
    for (const [place, node] of nodes) {
      const row = this.#rows.get(node);
      row?.tell(seen.faults.filter(({ at }) => at === place), this.#isAsked);
      row?.see(seen.parts[place] ?? null, seen.blind);
    }
    const names = { arm_after: "from", expire_at: "until", confirm: "confirm" };
    const ofWhole = seen.faults.filter(({ at }) => at === "");
    for (const place of this.#root.querySelectorAll("[data-fault]")) say(place, ofWhole.find(({ field }) => names[field] === place.dataset.fault)?.message);
    this.#say(seen, ofWhole.find(({ field }) => !names[field])?.message);
  }

  #say(seen, wrong = "") {
    const place = this.#root.querySelector(".condition-said");
    if (!place) return;
    this.said = seen?.said ?? "";
    const key = JSON.stringify([wrong, this.said, seen?.is_true, seen?.blind]);
    if (place.dataset.key === key) return; // a screen reader hears what is new, once
    place.dataset.key = key;
    if (wrong) return void fill(place, h("span", { class: "field-error" }, wrong));
    if (!this.said) return void setText(place, "");
    const [now, kind] = seen.is_true === null ? [seen.blind || "not known now: what is not seen sets nothing off", "warn"] : seen.is_true ? ["would be true now", "good"] : ["not true now", ""];
    fill(place, `Waits until ${this.said}. `, h("span", { class: `tag ${kind}` }, now));
  }
}

const way = (node) => (node.isNot ? `not ${node.word}` : node.word);

function say(place, message = "") {
  place.hidden = !message;
  setText(place, message ?? "");
}
