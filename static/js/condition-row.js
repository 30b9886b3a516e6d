// One comparison of a condition: its fields, the fault of each beside it, and what it sees now.

import { COMPARISONS, isOfOption, isOfSymbol, OF_TIME, SOURCES, subject, SUBJECTS, symbolOf } from "./condition-tree.js";
import { fill, h, setText } from "./dom.js";
import { number } from "./format.js";
import { readContract, sayContract } from "./legs.js";

const ANOTHER = "another";
let named = 0; // of the faults' elements, which fields refer to

export class ComparisonRow {
  #leaf;
  #about;
  #onChange;
  #fields = new Map();
  #now = h("span", { class: "condition-now text-secondary num" });

  constructor(leaf, { about, onChange, remove }) {
    this.#leaf = leaf;
    leaf.touched ??= new Set(); // the fields that were left once, however often the row is painted
    this.#about = about;
    this.#onChange = onChange;
    this.element = this.#paint(remove);
  }

  focus(name = "what") { this.#fields.get(this.#fields.has(name) ? name : "what").control.focus(); }

  // A fault of a field that nobody has left yet is not said, unless the whole is about to be sent.
  tell(faults, isAsked) {
    for (const [name, { control, fault }] of this.#fields) {
      const found = isAsked || this.#leaf.touched.has(name) ? faults.find(({ field }) => field === name || (field === "" && name === "value")) : undefined;
      fault.hidden = !found;
      setText(fault, found?.message ?? "");
      control.setAttribute("aria-invalid", String(Boolean(found)));
    }
  }

  see(seen, blind) {
    if (seen === null) return setText(this.#now, blind ? "not seen now" : "");
    const age = seen.seen !== null && seen.age !== null ? `, ${number(seen.age, 1)} s old` : "";
    const trust = seen.is_believed || seen.seen === null ? "" : ", too old to count";
    return fill(this.#now, seen.seen === null ? "Nothing seen now " : `Now ${seen.seen}${age}${trust} `, this.#truth(seen.is_true));
  }

  #truth(holds) {
    if (holds === null) return h("span", { class: "tag warn" }, "not known");
    const isTrue = holds !== this.#leaf.isNot;
    const so = this.#leaf.isNot ? `, so this is ${isTrue ? "true" : "not true"}` : "";
    return h("span", { class: `tag ${isTrue ? "good" : ""}` }, `${holds ? "holds" : "does not hold"}${so}`);
  }

  #paint(remove) {
    const leaf = this.#leaf;
    const said = subject(leaf);
    const isTime = leaf.what === "TIME";
    return h("div", { class: "condition-row", role: "group", "aria-label": said },
      h("div", { class: "condition-fields" },
        this.#field("what", this.#what()),
        isOfSymbol(leaf.what) && this.#field("symbol", this.#symbol()),
        leaf.what === "PRICE" && this.#field("source", this.#choice("source", SOURCES, `${said}: which price`)),
        this.#field("is", this.#choice("is", isTime ? OF_TIME : COMPARISONS, `${said}: how it compares`)),
        this.#field("value", this.#input("value", { type: isTime ? "datetime-local" : "number", step: "any", "aria-label": `${said}: the value` }))),
      h("div", { class: "condition-more" },
        h("label", {}, this.#bare("isNot", `${said}: turned round`), "not"),
        h("label", {}, this.#field("confirm", this.#input("confirm", { type: "number", min: 1, max: 100, step: 1, "aria-label": `${said}: how often in a row` })), "in a row"),
        !isTime && leaf.is !== "==" && h("label", {}, "stays so until", this.#field("reset", this.#input("reset", { type: "number", step: "any", "aria-label": `${said}: stays so until` }))),
        remove),
      this.#now);
  }

  #field(name, control) {
    named += 1;
    const fault = h("small", { class: "field-error", id: `condition-fault-${named}`, hidden: true });
    control.setAttribute("aria-describedby", fault.id);
    control.addEventListener("blur", () => this.#leaf.touched.add(name));
    this.#fields.set(name, { control, fault });
    return h("span", { class: `condition-field is-${name}` }, control, fault);
  }

  #what() {
    const chosen = h("select", { class: "form-select", "aria-label": "What is looked at" }, Object.entries(SUBJECTS).map(([title, all]) => h("optgroup", { label: title },
      Object.entries(all).map(([value, said]) => h("option", { value, selected: value === this.#leaf.what }, said)))));
    chosen.addEventListener("change", () => this.#become(chosen.value));
    return chosen;
  }

  // Another subject: what does not go with it is put right, and a number is none that was meant for something else.
  #become(what) {
    const leaf = this.#leaf;
    const symbols = this.#symbols(what);
    Object.assign(leaf, { what, value: "", reset: "", isTyped: false, confirm: what === "TIME" || what === "DTE" ? 1 : leaf.confirm });
    if (!isOfSymbol(what)) leaf.symbol = "";
    else if (leaf.symbol === "" || (isOfOption(what) && !readContract(leaf.symbol))) leaf.symbol = symbols[0] ?? "";
    if (what === "TIME" && leaf.is === "==") leaf.is = ">=";
    leaf.touched.clear();
    this.#onChange("what");
  }

  #symbols(what) {
    const about = this.#about();
    const legs = (about?.legs ?? []).map(({ symbol }) => symbol);
    const all = isOfOption(what) ? legs.filter(readContract) : [about?.underlying, ...legs];
    return [...new Set(all.filter(Boolean))];
  }

  #symbol() {
    const leaf = this.#leaf;
    const known = this.#symbols(leaf.what);
    if (leaf.isTyped || known.length === 0) {
      const typed = this.#input("symbol", { type: "text", autocomplete: "off", placeholder: isOfOption(leaf.what) ? "AAPL 260619P00190000" : "SPY", "aria-label": "Which symbol" });
      typed.addEventListener("input", () => { leaf.symbol = symbolOf(typed.value); });
      typed.addEventListener("change", () => { typed.value = leaf.symbol; });
      return typed;
    }
    const all = known.includes(leaf.symbol) || leaf.symbol === "" ? known : [...known, leaf.symbol];
    const chosen = h("select", { class: "form-select", "aria-label": "Which symbol" },
      all.map((symbol) => h("option", { value: symbol, selected: symbol === leaf.symbol }, readContract(symbol) ? sayContract(symbol) : symbol)), h("option", { value: ANOTHER }, "Another"));
    chosen.addEventListener("change", () => {
      Object.assign(leaf, chosen.value === ANOTHER ? { isTyped: true, symbol: "" } : { symbol: chosen.value });
      this.#onChange("symbol");
    });
    return chosen;
  }

  #choice(name, all, label) {
    const chosen = h("select", { class: "form-select", "aria-label": label }, Object.entries(all).map(([value, said]) => h("option", { value, selected: value === this.#leaf[name] }, said)));
    chosen.addEventListener("change", () => {
      const before = this.#leaf[name];
      this.#leaf[name] = chosen.value;
      if (chosen.value === "==") this.#leaf.reset = "";
      if (name === "source" || before === "==" || chosen.value === "==") this.#onChange(name); // other words, or other fields
    });
    return chosen;
  }

  #input(name, more) {
    const typed = h("input", { class: "form-control num", value: this.#leaf[name], ...more });
    typed.addEventListener("input", () => { this.#leaf[name] = typed.value; });
    return typed;
  }

  #bare(name, label) {
    const box = h("input", { type: "checkbox", class: "form-check-input", checked: this.#leaf[name], "aria-label": label });
    box.addEventListener("change", () => { this.#leaf[name] = box.checked; });
    return box;
  }
}
