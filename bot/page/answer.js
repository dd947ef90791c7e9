/** One question and what became of it: the answer as it is written, its sources, and what can be done with it. */

import { facts } from "./card.js";
import { feedback } from "./feedback.js";
import { h } from "./dom.js";
import { copyText, counted, date } from "./text.js";

const NEAREST = 3; // articles named under an abstention
const SEARCHING = "Searching the archive …";

/**
 * A turn of the conversation. `answer` is the Answer of the HTTP contract as far as it has come; `desk` is what a turn
 * asks of the component: open(answer, article, number, opener), card, say(text), again(turn), send(answer_id, value).
 */
export class Turn {
  constructor(question, desk) {
    this.question = question;
    this.desk = desk;
    this.element = h("section", { class: "turn", "aria-label": `Question: ${question}` });
    this.begin();
  }

  /** Empty, as before the first event. */
  begin() {
    this.answer = { question: this.question, citations: [], sources: [], as_of: new Date().toISOString() };
    this.shown = 0;
    this.kicker = h("p", { class: "kicker" }, SEARCHING);
    this.understood = h("p", { class: "understood" });
    this.text = h("div", { class: "answer" });
    this.last = []; // the articles that the last sentence cites
    this.below = h("div", { class: "below" });
    this.element.className = "turn writing";
    this.element.replaceChildren(
      h("h2", { class: "question", dir: "auto" }, this.question), this.kicker, this.understood, this.text, this.below,
    );
    this.desk.say(SEARCHING);
  }

  /** Draw what an event of the stream says. */
  take({ name, data }) {
    if (name === "answer.created") this.answer.answer_id = data.answer_id;
    else if (name === "search.started") this.#understoodAs(data.query);
    else if (name === "search.completed") this.#reading(data.sources);
    else if (name === "sentence") this.#sentence(data, data.new_citations);
    else if (name === "answer.completed") this.#complete(data);
    else if (name === "answer.cancelled") this.stop();
    else if (name === "error") this.fail(data.message);
  }

  /** End before the answer was whole, because whoever asked wanted it so. */
  stop() {
    this.#end("stopped", "Stopped", this.shown ? "What is written above was checked; the rest was not written." : null);
  }

  /** End with an error, told in a sentence. */
  fail(message) {
    this.#end("failed", this.shown ? "Broken off" : "Not answered", message);
  }

  #understoodAs(query) {
    if (query !== this.question) this.understood.textContent = `Understood as: ${query}`;
  }

  #reading(sources) {
    this.answer.sources = sources;
    const publishers = new Set(sources.map((each) => each.publisher).filter(Boolean)).size;
    const from = publishers ? ` from ${counted(publishers, "publisher")}` : "";
    this.kicker.textContent = `Reading ${counted(sources.length, "article")}${from} …`;
    this.desk.say(this.kicker.textContent);
  }

  #sentence(sentence, fresh) {
    for (const citation of fresh) if (!this.#cited(citation.index)) this.answer.citations.push(citation);
    this.shown += 1;
    const articles = sentence.citations.map((number) => this.#cited(number).article_id);
    const goesOn = this.text.lastChild && articles.some((each) => this.last.includes(each));
    if (!goesOn) this.text.append(h("p", { dir: "auto" })); // another source, another paragraph
    this.last = articles;
    const cut = sentence.text.lastIndexOf(" ") + 1; // the last word and its numbers stay on one line
    const pills = sentence.citations.map((number) => this.#pill(this.#cited(number)));
    this.text.lastChild.append(
      goesOn ? " " : "",
      h("span", { class: pills.length ? "sentence" : "sentence notice", "data-cites": sentence.citations.join(" ") },
        sentence.text.slice(0, cut),
        h("span", { class: "keep" }, sentence.text.slice(cut), pills.length ? h("sup", {}, pills) : null)),
    );
    this.desk.say(sentence.text);
  }

  #cited(number) {
    return this.answer.citations.find((each) => each.index === number);
  }

  #pill(citation) {
    const label = `Citation ${citation.index}: ${citation.publisher ?? citation.title}`;
    const pill = h("button", { type: "button", class: "pill", "aria-label": label }, String(citation.index));
    pill.addEventListener("click", () => {
      this.desk.card.close();
      this.desk.open(this.answer, citation, citation.index, pill);
    });
    this.desk.card.attach(pill, citation, this.answer.as_of);
    return pill;
  }

  #complete(answer) {
    Object.assign(this.answer, answer);
    answer.sentences.slice(this.shown).forEach((each) => this.#sentence(each, answer.citations));
    this.#understoodAs(answer.standalone_question);
    if (answer.status === "abstained") return this.#abstain();
    this.element.className = `turn ${answer.status}`;
    const articles = new Set(answer.citations.map((each) => each.article_id)).size;
    this.kicker.textContent = `As of ${date(answer.as_of)} · ${counted(articles, "article")} cited`;
    this.below.replaceChildren(this.#sources(), h("div", {}, this.#notes()), this.#actions());
    return this.desk.say(`The answer is complete. ${counted(articles, "article")} cited.`);
  }

  #abstain() {
    this.element.className = "turn abstained";
    this.kicker.textContent = "Not in the archive";
    const nearest = this.answer.sources.slice(0, NEAREST).map((each) => h("li", {}, this.#source(each, [])));
    this.below.replaceChildren(
      nearest.length ? h("div", {}, h("h3", {}, "The nearest articles"), h("ul", { class: "sources" }, nearest)) : "",
      this.#actions(),
    );
    this.desk.say("The archive does not answer this.");
  }

  #notes() {
    const { status, writer, model } = this.answer;
    const written = writer === "extractive"
      ? "These are extracts: the articles’ own words, not a written answer."
      : `Written by ${model}; every sentence was checked against its quotes.`;
    const partial = status === "partial" ? " Something was left out: it could not be proven from the articles." : "";
    return h("p", { class: "note" }, written + partial);
  }

  #sources() {
    const cited = Map.groupBy(this.answer.citations, (each) => each.article_id);
    const rows = [...cited.values()].map((each) => {
      const row = h("li", {}, this.#source(each[0], each.map((citation) => citation.index)));
      row.addEventListener("pointerenter", () => this.#light(each));
      row.addEventListener("pointerleave", () => this.#light([]));
      return row;
    });
    const copies = [...cited.keys()].flatMap((id) => this.#found(id).copies ?? []);
    const shown = new Set([...cited.keys(), ...copies.map((each) => each.article_id)]);
    const others = this.answer.sources.filter((each) => !shown.has(each.article_id));
    return h("div", {},
      h("h3", {}, "Sources"),
      h("ol", { class: "sources" }, rows),
      others.length
        ? h("details", {}, h("summary", {}, `${counted(others.length, "other article")} found`),
          h("ul", { class: "sources" }, others.map((each) => h("li", {}, this.#source(each, [])))))
        : null);
  }

  #source(article, numbers) {
    return [
      numbers.length ? h("span", { class: "numbers" }, numbers.join(", ")) : null,
      h("div", {}, this.#title(article, numbers[0] ?? 0), this.#facts(article), this.#copies(article)),
    ];
  }

  #title(article, number) {
    const title = h("button", { type: "button", class: "title", dir: "auto" }, article.title);
    title.addEventListener("click", () => this.desk.open(this.answer, article, number, title));
    return title;
  }

  #facts(article) {
    return h("p", { class: "facts" }, facts(article, this.answer.as_of));
  }

  /** One report that several outlets carry is one source. */
  #copies(article) {
    const { outlets = 1, copies = [] } = this.#found(article.article_id);
    const others = copies.filter((each) => each.article_id !== article.article_id);
    if (outlets < 2 || !others.length) return null;
    const rows = others.map((each) => h("li", {}, h("div", {}, this.#title(each, 0), this.#facts(each))));
    return h("details", { class: "copies" },
      h("summary", {}, `${counted(outlets, "outlet")}, one report`), h("ul", { class: "sources" }, rows));
  }

  /** What the search says of an article. */
  #found(id) {
    return this.answer.sources.find((each) => each.article_id === id) ?? {};
  }

  /** Show which sentences rest on these citations. */
  #light(citations) {
    const numbers = new Set(citations.map((each) => String(each.index)));
    for (const sentence of this.text.querySelectorAll(".sentence")) {
      sentence.classList.toggle("lit", sentence.dataset.cites.split(" ").some((each) => numbers.has(each)));
    }
  }

  #actions() {
    const copy = h("button", { type: "button", class: "quiet", onclick: () => this.#copy(copy) }, "Copy with sources");
    const opinion = feedback((value) => this.desk.send(this.answer.answer_id, value));
    return h("div", { class: "actions" }, copy, this.#again(), opinion);
  }

  #again() {
    return h("button", { type: "button", class: "quiet", onclick: () => this.desk.again(this) }, "Ask again");
  }

  async #copy(button) {
    try {
      await navigator.clipboard.writeText(copyText(this.answer));
      button.textContent = "Copied";
    } catch {
      button.textContent = "The browser does not let this page copy";
    }
    this.desk.say(button.textContent);
  }

  #end(kind, heading, message) {
    this.element.className = `turn ${kind}`;
    this.kicker.textContent = heading;
    this.below.replaceChildren(
      h("div", {}, message ? h("p", { class: "note" }, message) : null), h("div", { class: "actions" }, this.#again()),
    );
    this.desk.say(`${heading}. ${message ?? ""}`);
  }
}
