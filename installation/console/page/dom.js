// Making elements, and little else.

const SVG = "http://www.w3.org/2000/svg";
const DRAWN = new Set(["svg", "path", "polygon", "circle", "rect", "g", "line", "text"]);

/** An element with attributes, listeners (on…) and children. */
export function h(tag, attributes = {}, ...children) {
  const element = DRAWN.has(tag) ? document.createElementNS(SVG, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null));
  return element;
}

/** A section with a heading that names it. */
export function section(id, title, ...children) {
  return h("section", { id, "aria-labelledby": `${id}-title` }, h("h2", { id: `${id}-title` }, title), ...children);
}

/** Write a text where it is another than before: a screen reader is not told the same twice. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A number as people read it: four digits that count. */
export function number(value) {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-3) return value.toExponential(2).replace("e+", "e");
  return value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/** The time of day of seconds since 1970, with the day where it is another. */
export function clock(seconds) {
  const then = new Date(seconds * 1000);
  const sameDay = then.toDateString() === new Date().toDateString();
  const day = sameDay ? {} : { weekday: "short" };
  return then.toLocaleString("en-GB", { ...day, hour: "2-digit", minute: "2-digit" });
}

const toasts = () => document.getElementById("said");

/** Say something in passing. */
export function tell(text, isRefusal = false) {
  const toast = h("p", { class: isRefusal ? "refusal" : "" }, text);
  toasts().append(toast);
  while (toasts().children.length > 3) toasts().firstChild.remove();
  setTimeout(() => toast.remove(), 6000);
}
