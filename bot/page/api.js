/** The HTTP contract of Dateline, as the page uses it. */

import { events } from "./events.js";

const EVENTS = { Accept: "text/event-stream" };
const ENDS = ["answer.completed", "answer.cancelled", "error"];
const WAITS_MS = [300, 1000, 3000]; // before a broken stream is taken up again

/** The server refused; `status` is HTTP's, `seconds` when to come back if it said so. */
export class Refused extends Error {
  constructor(status, detail, seconds) {
    super(detail);
    this.status = status;
    this.seconds = seconds;
  }
}

/** The server did not answer, or an answer broke off and could not be taken up again. */
export class Unreachable extends Error {}

/** One server. `key` is sent along; on the server's own page a cookie that no script can read holds it instead. */
export class Api {
  constructor(endpoint, key) {
    this.endpoint = endpoint.replace(/\/+$/, "");
    this.key = key;
  }

  /** Have the key kept in the cookie; throws Refused when it is not valid. */
  async signIn(key) {
    await this.#fetch("/v1/session", { method: "POST", headers: { Authorization: `Bearer ${key}` } });
  }

  /** Have the cookie forgotten. */
  async signOut() {
    await this.#fetch("/v1/session", { method: "DELETE" });
  }

  /** Who is asking: the id of a key, null where none is needed. */
  session() {
    return this.#json("/v1/session");
  }

  /** What the archive holds: counts, dates, publishers, and questions to begin with. */
  archive() {
    return this.#json("/v1/archive");
  }

  /** The answers of a conversation, oldest first. */
  conversation(id) {
    return this.#json(`/v1/conversations/${encodeURIComponent(id)}`);
  }

  /** An article with its body. */
  article(id) {
    return this.#json(`/v1/articles/${encodeURIComponent(id)}`);
  }

  /** Keep what somebody thinks of an answer. */
  feedback(id, value) {
    return this.#json(`/v1/answers/${encodeURIComponent(id)}/feedback`, value);
  }

  /** Ask the server to stop writing. An answer that is over already is no failure. */
  async cancel(id) {
    await this.#fetch(`/v1/answers/${encodeURIComponent(id)}/cancel`, { method: "POST" }).catch(() => {});
  }

  /**
   * The events of an answer, to its end. A broken stream is taken up again where it broke off.
   * Throws Refused and Unreachable; an aborted signal throws AbortError.
   */
  async *ask(question, signal) {
    const seen = { id: "", last: "" };
    for (let failures = 0; ; failures += 1) {
      try {
        const response = await (seen.id ? this.#rest(seen, signal) : this.#begun(question, signal));
        if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
          yield { id: "", name: "answer.completed", data: await response.json() };
          return;
        }
        for await (const event of events(response.body)) {
          seen.id ||= event.data.answer_id ?? "";
          seen.last = event.id;
          failures = 0;
          yield event;
          if (ENDS.includes(event.name)) return;
        }
      } catch (error) {
        const brokeOff = seen.id && (error instanceof TypeError || error instanceof Unreachable);
        if (!brokeOff) throw error;
      }
      if (failures === WAITS_MS.length) throw new Unreachable("The answer broke off, and the server does not answer.");
      await new Promise((resume) => setTimeout(resume, WAITS_MS[failures]));
    }
  }

  #begun(question, signal) {
    return this.#fetch("/v1/answers", { ...posted(question, EVENTS), signal });
  }

  /** The rest of a stream, or the whole answer where the server no longer keeps its events. */
  async #rest(seen, signal) {
    const path = `/v1/answers/${encodeURIComponent(seen.id)}`;
    try {
      const rest = await this.#fetch(`${path}/events`, { headers: { ...EVENTS, "Last-Event-ID": seen.last }, signal });
      return rest.status === 204 ? this.#fetch(path, { signal }) : rest;
    } catch (error) {
      if (error instanceof Refused && [404, 410].includes(error.status)) return this.#fetch(path, { signal });
      throw error;
    }
  }

  async #json(path, value) {
    const response = await this.#fetch(path, value === undefined ? {} : posted(value, {}));
    return response.status === 204 ? null : response.json();
  }

  async #fetch(path, options) {
    const headers = { ...(this.key ? { Authorization: `Bearer ${this.key}` } : {}), ...options.headers };
    const sent = { ...options, headers, credentials: "same-origin", referrerPolicy: "no-referrer" };
    let response;
    try {
      response = await fetch(this.endpoint + path, sent);
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Unreachable("The server does not answer.");
    }
    if (response.ok) return response;
    const problem = await response.json().catch(() => ({}));
    const seconds = Number(response.headers.get("retry-after")) || null;
    throw new Refused(response.status, problem.detail ?? `The server refused (${response.status}).`, seconds);
  }
}

function posted(value, headers) {
  return { method: "POST", headers: { ...headers, "Content-Type": "application/json" }, body: JSON.stringify(value) };
}
