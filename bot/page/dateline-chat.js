/**
 * <dateline-chat>: ask a Dateline server and read its cited answers.
 *
 *   <script type="module" src="https://news.example/page/dateline-chat.js"></script>
 *   <dateline-chat endpoint="https://news.example" key="dl_…"></dateline-chat>
 *
 * `endpoint` is by default where this file came from; without `key` the reader is asked for one if the server wants it.
 */

import { Turn } from "./answer.js";
import { Api, Refused, Unreachable } from "./api.js";
import { Panel } from "./article.js";
import { Card } from "./card.js";
import { h } from "./dom.js";
import { Narrow } from "./narrow.js";
import { counted, date, dates, fullDate } from "./text.js";

const HERE = new URL(import.meta.url);
const CANCEL_MS = 1000; // after which a stopped answer is not waited for
const STYLE = await new CSSStyleSheet().replace(await (await fetch(new URL("dateline-chat.css", HERE))).text());

class DatelineChat extends HTMLElement {
  #asking = null; // {turn, abort} while an answer is written
  #conversation = null;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [STYLE];
  }

  connectedCallback() {
    const endpoint = new URL(this.getAttribute("endpoint") || HERE.origin, location.href);
    this.own = endpoint.origin === location.origin;
    this.api = new Api(endpoint.href, this.getAttribute("key") ?? "");
    this.card = new Card();
    this.panel = new Panel((id) => this.api.article(id));
    this.narrow = new Narrow();
    this.log = h("div", { class: "hidden", role: "log", "aria-label": "What happens" });
    this.folio = h("p", { class: "folio" });
    const startAfresh = { type: "button", class: "quiet", hidden: true, onclick: () => this.#startAfresh() };
    this.afresh = h("button", startAfresh, "New conversation");
    this.turns = h("div", { class: "turns" });
    this.front = h("section", { class: "front", "aria-label": "To begin with" });
    this.asked = this.#form();
    const column = h("div", { class: "column" }, this.folio, this.turns, this.asked, this.front);
    this.frame = h("div", { class: "frame", lang: "en" }, column, this.panel.element, this.card.element, this.log);
    this.frame.addEventListener("keydown", (event) => this.#key(event));
    this.shadowRoot.replaceChildren(this.frame);
    this.#facts(null, null);
    this.#open();
  }

  disconnectedCallback() {
    this.#asking?.abort.abort();
  }

  #form() {
    this.field = h("textarea", {
      rows: "1", maxlength: "4000", id: "question", placeholder: "Ask the archive", enterkeyhint: "send",
      onkeydown: (event) => this.#enter(event),
    });
    this.button = h("button", { type: "submit" }, "Ask");
    return h("form", { class: "ask", onsubmit: (event) => this.#submit(event) },
      h("label", { for: "question", class: "hidden" }, "Your question"),
      h("div", { class: "line" }, this.field, this.button),
      this.narrow.element);
  }

  /** Draw the front: what the archive holds and questions to begin with, or the conversation the address names. */
  async #open() {
    this.front.replaceChildren();
    try {
      const [archive, session] = await Promise.all([this.api.archive(), this.api.session()]);
      this.narrow.offer(archive.publishers);
      this.#facts(archive, session);
      this.#suggest(archive);
      await this.#resume();
    } catch (error) {
      if (error.status === 401) this.front.replaceChildren(this.#keyForm(() => this.#open()));
      else this.front.replaceChildren(h("p", { class: "note", role: "alert" }, sentence(error)));
    }
  }

  #facts(archive, session) {
    const span = archive?.oldest ? `, ${dates(archive.oldest, archive.newest)}` : "";
    const forget = h("button", { type: "button", class: "quiet", onclick: () => this.#signOut() }, "Forget the key");
    this.folio.replaceChildren(
      h("span", {}, fullDate(new Date())),
      h("span", {}, archive ? counted(archive.articles, "article") + span : ""),
      this.afresh,
      this.own && session?.key ? forget : "",
    );
  }

  #suggest({ articles, suggestions }) {
    if (!articles) {
      this.front.append(h("p", { class: "note" }, "The archive is empty. Add articles with `dateline ingest PATH`."));
      return;
    }
    const rows = suggestions.map((each) => h("li", {},
      h("button", { type: "button", class: "title", dir: "auto", onclick: () => this.ask(each.question) }, each.title),
      h("p", { class: "facts" }, [each.publisher, date(each.published_at)].filter(Boolean).join(" · "))));
    this.front.append(h("h2", {}, "From the latest pages"), h("ul", {}, rows));
  }

  /** Draw the conversation that the page's address names, as it was before the page was left or loaded again. */
  async #resume() {
    const id = this.own && /^#(conv_\w+)$/.exec(location.hash)?.[1];
    if (!id || this.turns.children.length) return;
    const { answers } = await this.api.conversation(id).catch(() => ({ answers: [] }));
    for (const answer of answers) this.#turn(answer.question).take({ name: "answer.completed", data: answer });
    if (answers.length) this.#conversation = id;
    this.log.replaceChildren(); // nothing of it has just happened
  }

  #keyForm(then) {
    const input = h("input", { type: "password", autocomplete: "off", required: true });
    const refused = h("p", { class: "said", role: "status" });
    const label = h("label", {}, "This archive asks for a key. ", input);
    const form = h("form", { class: "key" }, label, h("button", { type: "submit" }, "Use it"), refused);
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        if (this.own) await this.api.signIn(input.value.trim());
        else this.api.key = input.value.trim();
        then();
      } catch (error) {
        refused.textContent = error.message;
      }
    });
    return form;
  }

  async #signOut() {
    await this.api.signOut().catch(() => {});
    this.#startAfresh();
    this.#facts(null, null);
    this.#open();
  }

  #enter(event) {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!this.#asking) this.asked.requestSubmit();
  }

  #submit(event) {
    event.preventDefault();
    if (this.#asking) this.#stop();
    else if (this.field.value.trim()) this.ask(this.field.value.trim());
    else this.field.focus();
  }

  /** Ask a question as if it had been typed. */
  ask(question) {
    if (this.#asking) return;
    this.field.value = "";
    this.field.focus({ preventScroll: true });
    this.#run(this.#turn(question));
  }

  #turn(question) {
    const turn = new Turn(question, {
      card: this.card,
      open: (...shown) => this.panel.show(...shown),
      say: (text) => this.log.append(h("p", {}, text)),
      again: (again) => this.#asking || this.#run(again),
      send: (id, value) => this.api.feedback(id, value),
    });
    this.#talking(true);
    this.turns.append(turn.element);
    return turn;
  }

  #talking(talking) {
    this.field.placeholder = talking ? "Ask a follow-up" : "Ask the archive";
    this.front.hidden = talking;
    this.afresh.hidden = !talking;
    this.frame.classList.toggle("talking", talking);
  }

  async #run(turn) {
    this.log.replaceChildren();
    turn.begin();
    turn.element.scrollIntoView({ block: "start" });
    const asking = { turn, abort: new AbortController() };
    this.#become(asking);
    const question = {
      question: turn.question,
      filters: this.narrow.filters,
      ...(this.#conversation ? { conversation_id: this.#conversation } : {}),
    };
    try {
      for await (const event of this.api.ask(question, asking.abort.signal)) {
        if (event.name === "answer.completed") this.#keep(event.data.conversation_id);
        turn.take(event);
      }
    } catch (error) {
      if (error.name === "AbortError") turn.stop();
      else turn.fail(sentence(error));
      if (error.status === 401) turn.below.prepend(this.#keyForm(() => this.#run(turn)));
    }
    if (this.#asking === asking) this.#become(null);
  }

  /** The server keeps a conversation from its first answer on; the address brings it back. */
  #keep(conversation) {
    this.#conversation = conversation;
    if (this.own) history.replaceState(null, "", conversation ? `#${conversation}` : location.pathname);
  }

  #become(asking) {
    this.#asking = asking;
    this.button.textContent = asking ? "Stop" : "Ask";
    this.frame.classList.toggle("asking", asking !== null);
  }

  #stop() {
    const { turn, abort } = this.#asking;
    turn.kicker.textContent = "Stopping …";
    if (turn.answer.answer_id) this.api.cancel(turn.answer.answer_id);
    setTimeout(() => abort.abort(), turn.answer.answer_id ? CANCEL_MS : 0);
  }

  #startAfresh() {
    this.#asking?.abort.abort();
    this.#keep(null);
    this.panel.close();
    this.turns.replaceChildren();
    this.#talking(false);
    this.field.focus();
  }

  /** Escape closes what is on top: the card, then the article. */
  #key(event) {
    if (event.key !== "Escape") return;
    if (this.card.close()) event.preventDefault();
    else if (this.panel.open) this.panel.close();
  }
}

/** What went wrong, for whoever asked. */
function sentence(error) {
  if (error instanceof Unreachable) return `${error.message} Ask again when it is back.`;
  if (!(error instanceof Refused)) return "The page failed on this. Reload it and ask again.";
  if (error.status === 401) return "Without a valid key the archive does not answer.";
  if (error.status !== 429) return error.message;
  return `Too many questions at once. Ask again in ${error.seconds ? counted(error.seconds, "second") : "a minute"}.`;
}

customElements.define("dateline-chat", DatelineChat);
