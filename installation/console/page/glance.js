// How the piece is: the line at the top, the numbers beside the picture, the readings with their last minute.

import { clock, h, number, section, write } from "./dom.js";
import { said } from "./strings.js";

const REMEMBERED = 120; // points of a curve: a minute
const FIRST = ["/reading/memory", "/reading/entropy", "/reading/diversity", "/reading/watts", "/reading/energy", "/reading/cost"];

export function top() {
  const title = h("strong", {}, said.connecting), state = h("span", { class: "state" });
  const line = h("div", { class: "line" }, h("h1", {}, said.name), state, title);
  const nav = h("nav", { "aria-label": said.parts }), entrance = h("div", {});
  document.getElementById("top").replaceChildren(line, entrance, nav);
  return {
    entrance,
    parts(sections) {
      const links = [...sections].map((each) => h("a", { href: `#${each.id}` }, each.querySelector("h2").textContent));
      nav.replaceChildren(...links);
    },
    piece(piece) {
      write(state, said.states[piece.state] ?? piece.state);
      state.dataset.state = piece.state;
    },
    scene(scene) { write(title, scene.title); },
    lost() { write(state, said.lost); state.dataset.state = "lost"; },
  };
}

export function glance() {
  const cells = {};
  const cell = (key, label) => h("div", {}, h("dt", {}, label), cells[key] = h("dd", {}, "–"));
  const meter = h("meter", { min: 0, max: 1, low: 0.2, high: 0.5, optimum: 1, "aria-label": said.memory });
  const list = h("dl", { class: "cells" },
    cell("doors", said.doors), cell("generation", said.generation), cell("temperature", said.temperature),
    h("div", {}, h("dt", {}, said.memory), h("dd", {}, cells.memory = h("span", {}, "–"), meter)),
    cell("rate", said.rate), cell("fps", said.fps));
  return {
    element: section("glance", said.glance, list),
    piece(piece) {
      const memory = piece.readings["/reading/memory"]?.[0];
      const until = piece.until ? said.until(clock(piece.until)) : said.always;
      write(cells.doors, `${piece.state === "closed" ? said.shut : said.open} ${until}`);
      write(cells.generation, piece.generation.toLocaleString("en-GB"));
      write(cells.temperature, piece.temperature.toFixed(2));
      write(cells.memory, memory == null ? "–" : memory.toFixed(2));
      meter.value = memory ?? 0;
      write(cells.rate, number(piece.rate));
      write(cells.fps, number(piece.fps));
    },
  };
}

export function readings(declared) {
  const rank = (each) => (FIRST.indexOf(each.address) + 1 || 99);
  const rows = new Map();
  const first = h("ul", { class: "readings" }), others = h("ul", { class: "readings" });
  for (const each of [...declared].sort((a, b) => rank(a) - rank(b))) {
    const row = reading(each);
    rows.set(each.address, row);
    (FIRST.includes(each.address) ? first : others).append(row.element);
  }
  return {
    element: section("readings", said.readings, first, h("details", {}, h("summary", {}, said.allReadings), others)),
    piece(piece) {
      for (const [address, [value, standing]] of Object.entries(piece.readings)) rows.get(address)?.show(value, standing);
    },
  };
}

function reading({ address, unit, doc }) {
  const value = h("output", {}, "–"), note = h("small", {});
  const curve = h("path", { fill: "none", "vector-effect": "non-scaling-stroke" });
  const name = address.replace("/reading/", "").replaceAll("-", " ").replaceAll("/", ", ");
  const element = h("li", { title: doc },
    h("span", { class: "name" }, name),
    h("span", { class: "value" }, value, unit ? h("small", {}, ` ${unit}`) : null, note),
    h("svg", { viewBox: "0 0 100 24", preserveAspectRatio: "none", "aria-hidden": "true" }, curve));
  const past = [];
  return {
    element,
    show(now, standing) {
      write(value, now == null ? said[standing] : number(now));
      write(note, now != null && said[standing] ? ` ${said[standing]}` : "");
      element.classList.toggle("absent", now == null);
      if (now == null) return;
      past.push(now);
      if (past.length > REMEMBERED) past.shift();
      curve.setAttribute("d", spark(past));
    },
  };
}

/** A curve from left to right, as high as its least and most leave room for. */
function spark(past) {
  const low = Math.min(...past), span = Math.max(...past) - low || 1;
  return past.map((value, i) => {
    const x = (100 * i) / Math.max(REMEMBERED - 1, 1), y = 22 - (20 * (value - low)) / span;
    return `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
  }).join("");
}
