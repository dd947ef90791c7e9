/** Words, dates and places in text, as the page writes them. */

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
const WEEKDAY = new Intl.DateTimeFormat("en-GB", { weekday: "long", timeZone: "UTC" });
const UNITS = [["year", 31556952], ["month", 2629746], ["week", 604800], ["day", 86400], ["hour", 3600]]; // seconds

/** The place in a JavaScript string (UTF-16) of a place counted in Unicode code points, as all of Dateline's are. */
export function utf16(text, codePoints) {
  let at = 0;
  for (let count = 0; count < codePoints && at < text.length; count += 1) at += text.codePointAt(at) > 0xffff ? 2 : 1;
  return at;
}

/**
 * A text in paragraphs, each a list of runs; a run knows which of the marked spans it belongs to.
 * @param {string} text
 * @param {{start: number, end: number}[]} spans in code points, in any order; they may overlap
 * @returns {{text: string, spans: number[]}[][]} `spans` are places in the list that was given
 */
export function paragraphs(text, spans) {
  const marks = spans.map(({ start, end }) => [utf16(text, start), utf16(text, end)]);
  const found = [];
  for (const { 0: paragraph, index } of text.matchAll(/\S(?:[^\n]|\n(?!\s*\n))*/g)) {
    const end = index + paragraph.length;
    const inside = marks.flat().filter((place) => place > index && place < end);
    const cuts = [...new Set([index, ...inside, end])].sort((one, other) => one - other);
    found.push(
      cuts.slice(1).map((cut, before) => ({
        text: text.slice(cuts[before], cut),
        spans: marks.flatMap(([from, to], number) => (from <= cuts[before] && cut <= to ? [number] : [])),
      })),
    );
  }
  return found;
}

/** "20 October 2026", or "no date". */
export function date(time) {
  return time ? DAY.format(new Date(time)) : "no date";
}

/** "3 September – 31 October 2026". */
export function dates(from, to) {
  return DAY.formatRange(new Date(from), new Date(to));
}

/** "Friday 27 November 2026". */
export function fullDate(time) {
  return `${WEEKDAY.format(new Date(time))} ${date(time)}`;
}

/** How long before `now` a time was, in the largest unit that fits: "3 weeks ago". */
export function age(time, now) {
  if (!time) return "";
  const seconds = (new Date(now) - new Date(time)) / 1000;
  if (seconds < 0) return "later than asked about";
  for (const [unit, size] of UNITS) {
    const count = Math.floor(seconds / size);
    if (count) return `${count} ${unit}${count === 1 ? "" : "s"} ago`;
  }
  return "just now";
}

/** "1 article", "3 articles". */
export function counted(number, noun) {
  return `${number.toLocaleString("en-GB")} ${noun}${number === 1 ? "" : "s"}`;
}

/** An answer with its sources as plain text, to be pasted anywhere. */
export function copyText(answer) {
  const sources = answer.citations.map((citation) => {
    const facts = [citation.title, citation.publisher, date(citation.published_at), citation.url];
    return `[${citation.index}] “${citation.quote}”\n    ${facts.filter(Boolean).join(", ")}`;
  });
  return [answer.question, answer.text, ...sources].join("\n\n");
}
