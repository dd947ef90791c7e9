/** The card that shows what a citation number stands for, while it is pointed at or has the focus. */

import { age, date } from "./text.js";
import { h } from "./dom.js";

const GRACE_MS = 260; // for the pointer to travel from the number to the card
const GAP_PX = 6;

/** One card for all citations of the component, in the browser's top layer so that nothing clips it. */
export class Card {
  #closing = 0;
  #pill = null;

  constructor() {
    this.element = h("div", { class: "card", id: "card", role: "tooltip", popover: "manual" });
    this.element.addEventListener("pointerenter", () => clearTimeout(this.#closing));
    this.element.addEventListener("pointerleave", () => this.#closeSoon());
  }

  /** Let a number open the card. `now` is the time the age of the article is counted from. */
  attach(pill, citation, now) {
    pill.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && this.#open(pill, citation, now));
    pill.addEventListener("pointerleave", () => this.#closeSoon());
    pill.addEventListener("focus", () => pill.matches(":focus-visible") && this.#open(pill, citation, now));
    pill.addEventListener("blur", () => this.close());
  }

  /** Whether the card was open; it is closed now. */
  close() {
    clearTimeout(this.#closing);
    if (!this.#pill) return false;
    this.#pill.removeAttribute("aria-describedby");
    this.#pill = null;
    this.element.hidePopover();
    return true;
  }

  #open(pill, citation, now) {
    this.close();
    this.#pill = pill;
    pill.setAttribute("aria-describedby", this.element.id);
    this.element.replaceChildren(
      h("blockquote", { dir: "auto" }, `“${citation.quote}”`),
      h("p", { class: "card-title", dir: "auto" }, citation.title),
      h("p", { class: "facts" }, facts(citation, now)),
    );
    this.element.showPopover();
    this.#place(pill.getBoundingClientRect());
  }

  #place(at) {
    const { offsetWidth: width, offsetHeight: height, style } = this.element;
    const left = Math.min(Math.max(at.left - 24, 12), document.documentElement.clientWidth - width - 12);
    const above = at.top - height - GAP_PX;
    style.left = `${Math.max(left, 12)}px`;
    style.top = `${above > 0 ? above : at.bottom + GAP_PX}px`;
  }

  #closeSoon() {
    clearTimeout(this.#closing);
    this.#closing = setTimeout(() => this.close(), GRACE_MS);
  }
}

/** Who published an article and when: "Ledger & Keel · 20 October 2026, 1 month ago". */
export function facts(article, now) {
  const when = article.published_at ? `${date(article.published_at)}, ${age(article.published_at, now)}` : "no date";
  return [article.publisher, when].filter(Boolean).join(" · ");
}
