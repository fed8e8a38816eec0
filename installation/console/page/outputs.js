// The projectors: corners dragged with a finger, or moved with arrow keys, while a test pattern is on the wall.

import { h, section, tell } from "./dom.js";
import { said } from "./strings.js";
import { get } from "./wire.js";

const [WIDE, HIGH] = [160, 90], MARGIN = 0.2; // of the drawing, and how far around it a corner may go
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const EVERY = 40; // milliseconds between two messages
const STILL = 400; // milliseconds after the last touch in which the stage does not move what a finger holds

export function outputs(wire, knobs) {
  const body = h("div", {}), patterns = knobs.find(({ address }) => address === "/stage/pattern")?.choices ?? [];
  const pattern = h("select", { id: "pattern", onchange: () => wire.send("/stage/pattern", pattern.value) },
    ...patterns.map((each) => h("option", {}, each)));
  const element = section("outputs", said.outputs,
    h("div", { class: "knob" }, h("label", { for: "pattern" }, said.pattern), pattern),
    h("p", { class: "hint" }, said.alignHint), body,
    h("div", { class: "buttons" },
      h("button", { onclick: () => wire.send("/output/undo") }, said.undo),
      h("button", { onclick: () => { wire.send("/output/save"); tell(said.savedCorners); } }, said.saveCorners)));
  const drawings = {}, standing = {};
  get("outputs.json").then((all) => {
    all.forEach((each, index) => { drawings[index + 1] = output(each, index + 1, wire); });
    body.replaceChildren(...Object.values(drawings).map(({ element }) => element));
    corners(standing);
  });
  /** Where the stage says that they stand, whoever moved them. */
  function corners(news) {
    Object.assign(standing, news);
    for (const [number, places] of Object.entries(news)) drawings[number]?.stand(places);
  }
  return { element, corners, values(values) { if ("/stage/pattern" in values) pattern.value = values["/stage/pattern"]; } };
}

function output({ name, corners }, number, wire) {
  let standing = corners, places = corners, resting;
  const shape = h("polygon", {}), dots = corners.map(() => h("circle", { r: 4, class: "dot" }));
  const handles = corners.map((_, corner) => h("circle", { r: 16, class: "handle", tabindex: 0, role: "button",
    onkeydown: (event) => nudge(event, corner), onpointerdown: (event) => drag(event, corner) }));
  const frame = h("rect", { x: 0, y: 0, width: WIDE, height: HIGH });
  const box = [-MARGIN * WIDE, -MARGIN * HIGH, WIDE * (1 + 2 * MARGIN), HIGH * (1 + 2 * MARGIN)];
  const drawing = h("svg", { viewBox: box.join(" "), class: "corners", role: "group", "aria-label": said.output(number, name) },
    frame, shape, ...dots, ...handles);
  const straighten = h("button", { class: "quiet", "aria-label": `${said.straight}: ${said.output(number, name)}`,
    onclick: () => wire.send(`/output/${number}/reset`) }, said.straight);

  function draw(now) {
    places = now;
    shape.setAttribute("points", places.map(([x, y]) => `${x * WIDE},${y * HIGH}`).join(" "));
    handles.forEach((handle, corner) => {
      const [x, y] = places[corner];
      for (const circle of [handle, dots[corner]]) {
        circle.setAttribute("cx", x * WIDE);
        circle.setAttribute("cy", y * HIGH);
      }
      const label = said.cornerOf(said.corner[corner], x.toFixed(3), y.toFixed(3));
      if (handle.getAttribute("aria-label") !== label) handle.setAttribute("aria-label", label);
    });
  }

  function nudge(event, corner) {
    const arrow = ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault();
    const [x, y] = arrow.map((step) => step * (event.shiftKey ? 10 : 1));
    wire.send(`/output/${number}/nudge/${corner + 1}`, x, y);
  }

  function drag(event, corner) {
    let sent = 0;
    const handle = event.target;
    handle.setPointerCapture(event.pointerId);
    const put = () => wire.send(`/output/${number}/corner/${corner + 1}`, ...places[corner]);
    handle.onpointermove = ({ clientX, clientY }) => {
      const point = new DOMPoint(clientX, clientY).matrixTransform(drawing.getScreenCTM().inverse());
      const place = [point.x / WIDE, point.y / HIGH].map((each) => Math.min(Math.max(each, -MARGIN), 1 + MARGIN));
      hold();
      draw(places.map((each, index) => (index === corner ? place : each)));
      if (Date.now() - sent >= EVERY) { sent = Date.now(); put(); }
    };
    handle.onpointerup = handle.onpointercancel = () => { handle.onpointermove = handle.onpointerup = null; put(); hold(); };
  }

  /** For a moment the finger is right; then what the stage says: it may have refused. */
  function hold() {
    clearTimeout(resting);
    resting = setTimeout(() => { resting = null; draw(standing); }, STILL);
  }

  draw(places);
  return {
    element: h("div", { class: "output" }, h("p", {}, said.output(number, name), " ", straighten), drawing),
    stand(now) { standing = now; if (!resting) draw(now); },
  };
}
