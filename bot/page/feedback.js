/** What somebody thinks of an answer: helpful, or not and why. */

import { h } from "./dom.js";

const REASONS = [
  "It is wrong", "It is not in the sources", "It is out of date", "Something is missing", "Something else",
];

/** Two buttons, and a form for the reason; `send` stores what was said and may fail. */
export function feedback(send) {
  const said = h("p", { class: "said", role: "status" });
  const reason = h("select", { "aria-label": "What was wrong" }, REASONS.map((text) => h("option", {}, text)));
  const words = { type: "text", maxlength: "1900", placeholder: "In your words, if you like", "aria-label": "In your words" };
  const comment = h("input", words);
  const form = h("form", { class: "reason", hidden: true }, reason, comment, h("button", { type: "submit" }, "Send"));
  const up = h("button", { type: "button", class: "quiet" }, "Helpful");
  const down = h("button", { type: "button", class: "quiet", "aria-expanded": "false" }, "Not helpful");
  const element = h("div", { class: "opinion" }, up, down, form, said);

  async function tell(value) {
    try {
      await send(value);
      element.replaceChildren(said);
      said.textContent = "Thank you. Your opinion is kept with the answer.";
    } catch (error) {
      said.textContent = `Your opinion could not be kept. ${error.message}`;
    }
  }
  up.addEventListener("click", () => tell({ rating: "up" }));
  down.addEventListener("click", () => {
    form.hidden = !form.hidden;
    down.setAttribute("aria-expanded", String(!form.hidden));
    if (form.hidden) return;
    reason.focus({ preventScroll: true });
    form.scrollIntoView({ block: "nearest" });
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    tell({ rating: "down", reason: [reason.value, comment.value.trim()].filter(Boolean).join(": ") });
  });
  return element;
}
