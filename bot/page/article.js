/** The side panel: a stored article with the quotes of an answer marked where they stand. */

import { facts } from "./card.js";
import { h, outward } from "./dom.js";
import { date, paragraphs } from "./text.js";

const ROOMY_PX = 940; // from this width of the component on, the article stands beside the answer

/** One panel; it shows one citation of one answer at a time, and steps to the others. */
export class Panel {
  #answer = null;
  #number = 0;
  #opener = null;

  /** `load` gives the article of an id, with its body. */
  constructor(load) {
    this.load = load;
    this.heading = h("h2", { tabindex: "-1", dir: "auto", id: "article-title" });
    this.content = h("div", { class: "sheet" });
    this.place = h("span", { class: "place", "aria-live": "polite" });
    this.steps = [
      h("button", { type: "button", class: "quiet", onclick: () => this.#step(-1) }, "‹ Previous quote"),
      h("button", { type: "button", class: "quiet", onclick: () => this.#step(1) }, "Next quote ›"),
    ];
    this.element = h(
      "dialog",
      { class: "panel", "aria-labelledby": "article-title", onclose: () => this.#closed() },
      h("div", { class: "panel-bar" },
        h("div", { class: "steps" }, this.steps, this.place),
        h("button", { type: "button", class: "quiet", onclick: () => this.element.close() }, "Close")),
      this.content,
    );
    this.resized = new ResizeObserver(() => this.#fit());
  }

  get open() {
    return this.element.open;
  }

  /** Show the article of a citation, or of a source that was not cited; `opener` gets the focus back. */
  async show(answer, article, number, opener) {
    this.#opener = opener ?? this.#opener;
    [this.#answer, this.#number] = [answer, number];
    if (!this.open) {
      this.#draw(article, h("p", { class: "notice" }, "Fetching the article …"));
      this.#reveal();
      this.heading.focus({ preventScroll: true });
    }
    try {
      const stored = await this.load(article.article_id);
      if (this.#shows(answer, number)) this.#drawBody({ ...article, ...stored });
    } catch (error) {
      if (this.#shows(answer, number)) this.#draw(article, this.#lost(article, error));
    }
  }

  close() {
    this.element.close();
  }

  #shows(answer, number) {
    return this.open && this.#answer === answer && this.#number === number;
  }

  #reveal() {
    const roomy = this.#roomy();
    this.element.parentElement.classList.toggle("beside", roomy);
    if (roomy) this.element.show();
    else this.element.showModal();
    this.resized.observe(this.element.parentElement);
  }

  #roomy() {
    return this.element.parentElement.clientWidth >= ROOMY_PX;
  }

  /** A window that is made narrow has the article over the answer, and beside it again when it is made wide. */
  #fit() {
    if (!this.open || this.#roomy() === this.element.parentElement.classList.contains("beside")) return;
    this.element.close();
    this.#reveal();
  }

  #closed() {
    if (this.open) return; // it was opened again at once
    this.resized.disconnect();
    this.element.parentElement.classList.remove("beside");
    this.#opener?.focus();
    this.#opener = null;
  }

  #step(by) {
    const { citations } = this.#answer;
    const citation = citations[citations.findIndex((each) => each.index === this.#number) + by];
    this.show(this.#answer, citation, citation.index);
  }

  #draw(article, ...below) {
    const { citations, as_of: now } = this.#answer;
    const at = citations.findIndex((each) => each.index === this.#number);
    this.place.textContent = at < 0 ? "" : `Quote ${at + 1} of ${citations.length}`;
    this.steps[0].disabled = at <= 0;
    this.steps[1].disabled = at < 0 || at + 1 === citations.length;
    for (const step of this.steps) step.hidden = at < 0 || citations.length < 2;
    const focused = this.heading.matches(":focus"); // which it loses by being put in anew
    this.heading.textContent = article.title;
    this.content.replaceChildren(h("article", {},
      h("p", { class: "kicker" }, [article.publisher, article.section].filter(Boolean).join(" · ")),
      this.heading,
      article.byline ? h("p", { class: "byline", dir: "auto" }, `By ${article.byline}`) : null,
      h("p", { class: "facts" }, facts({ published_at: article.published_at }, now)),
      below));
    if (focused) this.heading.focus({ preventScroll: true });
    this.element.scrollTop = 0;
  }

  #drawBody(article) {
    const cited = this.#answer.citations.filter((each) => each.article_id === article.article_id);
    const standing = cited.filter((each) => stands(each, article.body));
    const current = cited.find((each) => each.index === this.#number);
    const body = paragraphs(article.body, standing).map((runs) =>
      h("p", { dir: "auto" }, runs.map((run) => this.#run(run, standing))));
    const changed = current && !standing.includes(current)
      ? h("div", { class: "notice" },
        h("p", {}, "The article has changed since this was quoted from it. It said:"),
        h("blockquote", { dir: "auto" }, `“${current.quote}”`))
      : null;
    const link = current?.highlight_url ?? article.url;
    const text = h("div", { class: "body", lang: article.language || null }, body);
    this.#draw(article, changed, text, this.#colophon(article, link));
    this.content.querySelector("mark.current")?.scrollIntoView({ block: "center" });
  }

  #run({ text, spans }, citations) {
    if (!spans.length) return text;
    const current = spans.some((span) => citations[span].index === this.#number);
    return h("mark", { class: current ? "current" : "other" }, text);
  }

  #colophon(article, link) {
    const modified = article.modified_at && article.modified_at !== article.published_at;
    return h("footer", { class: "colophon" },
      modified ? h("p", { class: "facts" }, `Changed ${date(article.modified_at)}`) : null,
      link ? h("p", {}, outward(link, { class: "out" }, `Read it at ${host(link)} ↗`)) : null);
  }

  #lost(article, error) {
    const gone = error.status === 404;
    const link = article.highlight_url ?? article.url;
    return h("div", { class: "notice" },
      h("p", {}, gone ? "The archive no longer holds this article." : `The article cannot be shown. ${error.message}`),
      article.quote ? h("blockquote", { dir: "auto" }, `“${article.quote}”`) : null,
      link ? h("p", {}, outward(link, { class: "out" }, "Read it where it was published ↗")) : null);
  }
}

/** Whether a quote is what a body has at its offsets. */
function stands({ start, end, quote }, body) {
  return [...body].slice(start, end).join("") === quote;
}

function host(url) {
  try {
    return new URL(url).host;
  } catch {
    return "its publisher";
  }
}
