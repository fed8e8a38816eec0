// The projectors: corners dragged with a finger, or moved with arrow keys, while a test pattern is on the wall.

import { h, section, tell, write } from "./dom.js";
import { said } from "./strings.js";
import { get } from "./wire.js";

const [WIDE, HIGH] = [160, 90], MARGIN = 0.2; // of the drawing, and how far around it a corner may go
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const EVERY = 40; // milliseconds between two messages

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
  get("outputs.json").then((all) => body.replaceChildren(...all.map((each, index) => output(each, index + 1, wire))));
  return { element, values(values) { if ("/stage/pattern" in values) pattern.value = values["/stage/pattern"]; } };
}

function output({ name, corners }, number, wire) {
  const places = corners.map(([x, y]) => [x, y]);
  const shape = h("polygon", {}), handles = places.map((_, corner) => handle(corner));
  const frame = h("rect", { x: 0, y: 0, width: WIDE, height: HIGH });
  const box = [-MARGIN * WIDE, -MARGIN * HIGH, WIDE * (1 + 2 * MARGIN), HIGH * (1 + 2 * MARGIN)];
  const drawing = h("svg", { viewBox: box.join(" "), class: "corners", role: "group", "aria-label": said.output(number, name) },
    frame, shape, ...handles);
  const straighten = h("button", { class: "quiet", onclick: () => {
    wire.send(`/output/${number}/reset`);
    [[0, 0], [1, 0], [1, 1], [0, 1]].forEach((place, corner) => { places[corner] = place; });
    draw();
  } }, said.straight);

  function handle(corner) {
    const circle = h("circle", { r: 5, tabindex: 0, role: "button", onkeydown: (event) => nudge(event, corner),
      onpointerdown: (event) => drag(event, corner) });
    return circle;
  }

  function draw() {
    shape.setAttribute("points", places.map(([x, y]) => `${x * WIDE},${y * HIGH}`).join(" "));
    handles.forEach((circle, corner) => {
      const [x, y] = places[corner];
      circle.setAttribute("cx", x * WIDE);
      circle.setAttribute("cy", y * HIGH);
      circle.setAttribute("aria-label", said.cornerOf(said.corner[corner], x.toFixed(3), y.toFixed(3)));
    });
  }

  function nudge(event, corner) {
    const arrow = ARROWS[event.key];
    if (!arrow) return;
    event.preventDefault();
    const [x, y] = arrow.map((step) => step * (event.shiftKey ? 10 : 1));
    wire.send(`/output/${number}/nudge/${corner + 1}`, x, y);
    places[corner] = [places[corner][0] + x / 1920, places[corner][1] + y / 1080];
    draw();
  }

  function drag(event, corner) {
    let sent = 0;
    const circle = event.target;
    circle.setPointerCapture(event.pointerId);
    const put = () => wire.send(`/output/${number}/corner/${corner + 1}`, ...places[corner]);
    circle.onpointermove = ({ clientX, clientY }) => {
      const point = new DOMPoint(clientX, clientY).matrixTransform(drawing.getScreenCTM().inverse());
      places[corner] = [point.x / WIDE, point.y / HIGH].map((each) => Math.min(Math.max(each, -MARGIN), 1 + MARGIN));
      draw();
      if (Date.now() - sent >= EVERY) { sent = Date.now(); put(); }
    };
    circle.onpointerup = circle.onpointercancel = () => { circle.onpointermove = circle.onpointerup = null; put(); };
  }

  draw();
  return h("div", { class: "output" }, h("p", {}, said.output(number, name), " ", straighten), drawing);
}
