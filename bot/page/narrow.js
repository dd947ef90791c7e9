/** The filters: which time and which publishers may answer. */

import { h } from "./dom.js";
import { date } from "./text.js";

const DAY_MS = 86_400_000;
const MANY = 12; // publishers, from which on they can be searched
const TIMES = [
  ["", "Any time"],
  ["1", "The past day"],
  ["7", "The past week"],
  ["31", "The past month"],
  ["366", "The past year"],
  ["between", "Between two dates"],
];

/** A disclosure with the filters; closed it says what is chosen. */
export class Narrow {
  constructor() {
    this.time = h("select", { id: "time" }, TIMES.map(([value, text]) => h("option", { value }, text)));
    this.from = h("input", { type: "date", id: "from" });
    this.to = h("input", { type: "date", id: "to" });
    this.dates = h("div", { class: "dates", hidden: true },
      h("label", { for: "from" }, "From"), this.from, h("label", { for: "to" }, "to"), this.to);
    const find = "Find a publisher";
    this.search = h("input", { type: "search", placeholder: find, "aria-label": find, hidden: true });
    this.publishers = h("div", { class: "publishers" });
    this.summary = h("summary");
    const clear = h("button", { type: "button", class: "quiet", onclick: () => this.#clear() }, "Clear");
    this.element = h("details", { class: "narrow" }, this.summary,
      h("div", { class: "choices" },
        h("div", { class: "when" }, h("label", { for: "time" }, "Published"), this.time, this.dates),
        h("fieldset", {}, h("legend", {}, "Publishers"), this.search, this.publishers),
        clear));
    this.element.addEventListener("change", () => this.#tell());
    this.element.addEventListener("keydown", (event) => this.#escape(event));
    this.search.addEventListener("input", () => this.#find());
    this.#tell();
  }

  /** Offer these publishers. */
  offer(publishers) {
    this.search.hidden = publishers.length <= MANY;
    this.publishers.replaceChildren(...publishers.map((name) =>
      h("label", {}, h("input", { type: "checkbox", value: name }), h("span", { dir: "auto" }, name))));
    this.publishers.parentElement.hidden = !publishers.length;
  }

  /** The chosen filters as the HTTP contract has them; `to` is exclusive there, so the day after the one chosen. */
  get filters() {
    const days = Number(this.time.value);
    const between = this.time.value === "between";
    const from = between ? this.from.value : days ? new Date(Date.now() - days * DAY_MS).toISOString() : "";
    const to = between ? this.to.value : "";
    return {
      publisher: this.#chosen(),
      ...(from ? { from: new Date(from).toISOString() } : {}),
      ...(to ? { to: new Date(new Date(to).getTime() + DAY_MS).toISOString() } : {}),
    };
  }

  #chosen() {
    return [...this.publishers.querySelectorAll("input:checked")].map((box) => box.value);
  }

  #tell() {
    const between = this.time.value === "between";
    this.dates.hidden = !between;
    const { value: from } = this.from;
    const { value: to } = this.to;
    const dated = [from ? `from ${date(from)}` : "", to ? `to ${date(to)}` : ""].filter(Boolean).join(" ");
    const when = between ? dated || "any time" : this.time.selectedOptions[0].textContent.toLowerCase();
    const chosen = this.#chosen();
    this.summary.replaceChildren(h("span", {}, `Answer from ${chosen.join(", ") || "all publishers"}, ${when}`));
  }

  #find() {
    const wanted = this.search.value.trim().toLowerCase();
    for (const label of this.publishers.children) {
      label.hidden = !label.textContent.toLowerCase().includes(wanted) && !label.querySelector(":checked");
    }
  }

  #clear() {
    for (const field of [this.time, this.from, this.to, this.search]) field.value = "";
    for (const box of this.publishers.querySelectorAll("input")) box.checked = false;
    this.#find();
    this.#tell();
  }

  #escape(event) {
    if (event.key !== "Escape" || !this.element.open) return;
    event.stopPropagation();
    this.element.open = false;
    this.summary.focus();
  }
}
