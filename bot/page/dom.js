/** Elements made from text alone: nothing here, or anywhere on the page, reads a string as markup. */

/**
 * An element with attributes, listeners (`onclick`) and children; what is null, undefined or false is left out.
 * @param {string} tag
 * @param {Record<string, unknown>} [properties]
 * @param {...unknown} children strings and nodes, nested as they come
 * @returns {HTMLElement}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (absent(value)) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => !absent(child)));
  return element;
}

/** A link that leaves the page, or the text alone when the address is no web address. */
export function outward(url, properties, ...children) {
  if (!isWeb(url)) return h("span", {}, ...children);
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer nofollow", ...properties }, ...children);
}

/** Whether an address is one of the web, and so may be linked to. */
export function isWeb(url) {
  try {
    return ["http:", "https:"].includes(new URL(url).protocol);
  } catch {
    return false;
  }
}

function absent(value) {
  return value === null || value === undefined || value === false;
}
