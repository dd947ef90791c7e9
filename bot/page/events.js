/** Server-sent events read from a fetched body; EventSource can neither POST nor send a key. */

/**
 * @param {ReadableStream<Uint8Array>} body
 * @yields {{id: string, name: string, data: any}} one for each event with data, the data read as JSON
 */
export async function* events(body) {
  let event = { id: "", name: "message", data: [] };
  for await (const line of lines(body)) {
    if (line === "") {
      if (event.data.length) yield { ...event, data: JSON.parse(event.data.join("\n")) };
      event = { id: event.id, name: "message", data: [] };
      continue;
    }
    const [, field, value] = /^([^:]*):? ?([^]*)$/.exec(line);
    if (field === "event") event.name = value;
    else if (field === "data") event.data.push(value);
    else if (field === "id") event.id = value;
  }
}

/** The lines of a body, however its bytes were cut on the way; they end with CR, LF or both. */
async function* lines(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const whole = (rest + read.value).split(/\r\n|\n|\r(?!$)/); // a CR at the end may be the first half of CR LF
      rest = whole.pop();
      yield* whole;
    }
  } finally {
    reader.cancel().catch(() => {}); // not waited for: the connection may take its time to close
  }
}
