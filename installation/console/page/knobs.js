// Knobs: each control is made from the knob's own declaration, and shows where it stands and what moves it.

import { clock, h, number, section, write } from "./dom.js";
import { said } from "./strings.js";

const STEPS = 1000; // of a slider from one end to the other
const STILL = 400; // milliseconds after the last touch in which the piece does not move what a finger holds
const EVERY = 40; // milliseconds between two messages of one slider
const MEDIUM = "/burn/medium", TEMPERATURE = /^\/burn\/([^/]+)\/temperature$/;

export function knobs(declared, atHand, wire) {
  const all = new Map();
  const make = (each) => {
    const made = control(each, wire);
    all.set(each.address, [...(all.get(each.address) ?? []), made]);
    return made.element;
  };
  const byAddress = Object.fromEntries(declared.map((each) => [each.address, each]));
  const temperatures = declared.map(({ address }) => address).filter((at) => TEMPERATURE.test(at));
  const near = atHand.flatMap((at) => (TEMPERATURE.test(at) ? temperatures : [at])).filter((at) => byAddress[at]);
  const first = h("div", { class: "group" }, ...near.map((at) => make(byAddress[at])));
  const only = (medium) => { // of all temperatures the one that burns
    for (const knob of first.children) {
      const [, its] = TEMPERATURE.exec(knob.dataset.address) ?? [];
      knob.hidden = Boolean(its) && its !== medium;
    }
  };
  const rooms = Object.groupBy ? Object.groupBy(declared, roomOf) : grouped(declared);
  const groups = Object.entries(rooms).map(([room, its]) =>
    h("details", { "data-room": room }, h("summary", {}, room.slice(1).replaceAll("/", " · ")),
      h("div", { class: "group" }, ...its.map(make))));
  const find = h("input", { type: "search", "aria-label": said.find, placeholder: said.find, oninput: () => filter(groups, find.value) });
  return {
    element: section("knobs", said.knobs, h("h3", {}, said.atHand), first, find, ...groups),
    values(values) {
      each(all, values, "stands");
      if (MEDIUM in values) only(values[MEDIUM]);
    },
    rules: (rules) => each(all, rules, "ruledBy"),
    turned: (turned) => each(all, turned, "turnedBy"),
  };
}

const roomOf = ({ address }) => address.slice(0, address.lastIndexOf("/"));

function grouped(declared) {
  const rooms = {};
  for (const each of declared) (rooms[roomOf(each)] ??= []).push(each);
  return rooms;
}

function each(all, news, what) {
  for (const [address, told] of Object.entries(news)) for (const made of all.get(address) ?? []) made[what](told);
}

/** Show the knobs whose address or words hold what is sought. */
function filter(groups, sought) {
  const wanted = sought.trim().toLowerCase();
  for (const group of groups) {
    const found = [...group.querySelectorAll(".knob")].filter((knob) => {
      knob.hidden = !knob.textContent.toLowerCase().includes(wanted) && !knob.dataset.address.includes(wanted);
      return !knob.hidden;
    });
    group.hidden = !found.length;
    group.open = Boolean(wanted) && found.length > 0;
  }
}

let made = 0;

function control(knob, wire) {
  const id = `knob-${made++}`, shown = h("output", { for: id }), by = h("small", { class: "by" });
  const room = roomOf(knob).replace(/^\/burn\//, "").replace(/^\//, "");
  const label = `${room} ${knob.address.split("/").at(-1)}`.replaceAll("-", " ");
  let touched = 0, rule = "", who = null;
  const send = throttled((value) => wire.send(knob.address, value));
  const touch = (value) => { touched = Date.now(); write(shown, words(knob, value)); send(value); };
  const input = KINDS[knob.kind](knob, id, touch);
  const back = h("button", { class: "quiet", hidden: true, "aria-label": `${said.giveBack}: ${label}`, title: said.giveBack,
    onclick: () => { touched = 0; wire.send("/knob/release", knob.address); } }, "↺");
  const element = h("div", { class: "knob", "data-address": knob.address, "data-kind": knob.kind },
    h("label", { for: id }, label), h("span", { class: "value" }, shown, back), input.element,
    h("small", { class: "doc", id: `${id}-doc` }, knob.doc), by);
  const explain = () => {
    const hand = who ? said.lately(source(who[0]), clock(who[1])) : "";
    write(by, [said.by[rule] ?? "", rule === "hand" ? hand : ""].filter(Boolean).join(": "));
    element.dataset.rule = rule;
    back.hidden = rule !== "hand";
  };
  return {
    element,
    stands(value) {
      if (Date.now() - touched < STILL) return;
      input.set(value);
      write(shown, words(knob, value));
    },
    ruledBy(told) { rule = told; explain(); },
    turnedBy(told) { who = told; explain(); },
  };
}

const KINDS = { number: slider, whole: slider, switch: toggle, choice: select };

function slider(knob, id, touch) {
  const step = knob.kind === "whole" ? 1 : (knob.high - knob.low) / STEPS;
  const element = h("input", { type: "range", id, min: knob.low, max: knob.high, step, "aria-describedby": `${id}-doc` });
  const say = () => element.setAttribute("aria-valuetext", words(knob, Number(element.value)));
  element.addEventListener("input", () => { touch(Number(element.value)); say(); fill(element); });
  return { element, set(value) { element.value = value; say(); fill(element); } };
}

/** How far the slider's line is lit. */
function fill(element) {
  element.style.setProperty("--share", (element.value - element.min) / (element.max - element.min));
}

function toggle(knob, id, touch) {
  const element = h("input", { type: "checkbox", role: "switch", id, "aria-describedby": `${id}-doc` });
  element.addEventListener("change", () => touch(element.checked));
  return { element, set(value) { element.checked = Boolean(value); } };
}

function select(knob, id, touch) {
  const element = h("select", { id, "aria-describedby": `${id}-doc` }, ...knob.choices.map((each) => h("option", {}, each)));
  element.addEventListener("change", () => touch(element.value));
  return { element, set(value) { element.value = value; } };
}

function words({ kind, unit }, value) {
  if (kind === "switch") return value ? said.on : said.off;
  if (kind === "choice") return value;
  return `${kind === "whole" ? Math.round(value) : number(value)}${unit ? ` ${unit}` : ""}`;
}

/** Who turned it, as people say it. */
function source(name) {
  const kind = Object.keys(said.sources).find((each) => name.startsWith(each));
  return kind ? said.sources[kind] : name;
}

/** The newest value at once, then at most so often; the last is always sent. */
function throttled(send) {
  let waiting, last = 0, newest;
  return (value) => {
    newest = value;
    const left = last + EVERY - Date.now();
    clearTimeout(waiting);
    const now = () => { last = Date.now(); send(newest); };
    if (left <= 0) now();
    else waiting = setTimeout(now, left);
  };
}
