// Playing: the words for the wall, the cue list, the scenes, a picture that somebody brings.

import { h, section, tell, write } from "./dom.js";
import { said } from "./strings.js";
import { get, post } from "./wire.js";

/** What must be in reach of a thumb: black, hold, go. At the lower edge, always. */
export function bar(wire) {
  const black = toggle(said.black, said.light, (on) => wire.send("/panic/black", on), "danger");
  const hold = toggle(said.hold, said.letGo, (on) => wire.send("/panic/hold", on));
  const next = h("small", {});
  const go = h("button", { class: "go", onclick: () => wire.send("/go") }, said.go, next);
  document.getElementById("bar").replaceChildren(
    h("div", { role: "group", "aria-label": said.wall, class: "bar" }, black.element, hold.element, go));
  return {
    values(values) {
      if ("/stage/black" in values) black.set(values["/stage/black"]);
      if ("/stage/hold" in values) hold.set(values["/stage/hold"]);
      if ("/cue/standing-by" in values) {
        const [number, name] = [values["/cue/standing-by"], values["/cue/standing-by/name"]];
        write(next, number ? said.cue(number, name) : "");
      }
    },
    scene({ cues }) { go.hidden = !cues.length; },
  };
}

/** A button that stays pressed while the piece says so. */
function toggle(off, on, press, kind = "") {
  let pressed = false;
  const element = h("button", { class: kind, "aria-pressed": "false", onclick: () => press(!pressed) }, off);
  return {
    element,
    set(now) {
      pressed = Boolean(now);
      element.setAttribute("aria-pressed", String(pressed));
      write(element, pressed ? on : off);
    },
  };
}

export function words(wire) {
  const record = toggle(said.record, said.stopRecording, (on) => wire.send(on ? "/record/start" : "/record/stop"), "record");
  let isOpen = true;
  const doors = h("button", { onclick: () => wire.send("/programme/open", !isOpen) }, said.closeDoors);
  const element = section("play", said.play,
    h("div", { class: "buttons", role: "group", "aria-label": said.panic },
      h("button", { title: said.originHint, onclick: () => wire.send("/panic/origin") }, said.origin),
      h("button", { title: said.releaseHint, onclick: () => wire.send("/panic/release") }, said.release)),
    h("div", { class: "buttons", role: "group", "aria-label": said.doorsAndTakes }, record.element, doors));
  return {
    element,
    piece({ state }) {
      isOpen = state !== "closed";
      write(doors, isOpen ? said.closeDoors : said.openDoors);
    },
    machine({ recording }) { record.set(recording); },
  };
}

export function cues(wire) {
  const list = h("ol", { class: "cues" });
  const element = section("cues", said.cues,
    h("div", { class: "buttons" },
      h("button", { class: "go", onclick: () => wire.send("/go") }, said.go),
      h("button", { onclick: () => wire.send("/back") }, said.back),
      h("button", { onclick: () => wire.send("/cue/stop") }, said.stop)),
    list);
  let marks = {}, rows = {};
  const mark = () => {
    for (const [number, row] of Object.entries(rows)) {
      const state = number === marks["/cue/current"] ? "current" : number === marks["/cue/standing-by"] ? "standing" : "";
      row.dataset.state = state;
      write(row.querySelector(".mark"), { current: said.current, standing: said.standingBy, "": "" }[state]);
      if (state === "current") row.setAttribute("aria-current", "true");
      else row.removeAttribute("aria-current");
    }
  };
  return {
    element,
    scene({ cues: listed }) {
      rows = Object.fromEntries(listed.map((each) => [each.number, cue(each, wire)]));
      list.replaceChildren(...listed.map((each) => rows[each.number]));
      element.hidden = !listed.length;
      mark();
    },
    values(values) {
      const told = Object.entries(values).filter(([at]) => at.startsWith("/cue/"));
      if (told.length) { marks = { ...marks, ...Object.fromEntries(told) }; mark(); }
    },
  };
}

function cue({ number, name, scene, fade }, wire) {
  const label = said.cue(number, name);
  return h("li", {},
    h("span", { class: "number" }, number), h("span", { class: "name" }, name || "–", " ", h("small", { class: "mark" })),
    h("small", {}, [scene, said.seconds(fade)].filter(Boolean).join(" · ")),
    h("button", { class: "quiet", "aria-label": `${said.arm}: ${label}`, onclick: () => wire.send(`/cue/${number}/arm`) }, said.arm),
    h("button", { "aria-label": `${said.goCue}: ${label}`, onclick: () => wire.send(`/cue/${number}/go`) }, said.goCue));
}

export function scenes(wire) {
  const grid = h("ul", { class: "scenes" });
  const title = h("input", { type: "text", maxlength: 80, required: true, "aria-label": said.title, placeholder: said.title });
  const keep = h("form", { class: "keep", "aria-label": said.keep }, h("p", {}, said.keep), title, h("button", {}, said.keepIt));
  const element = section("scenes", said.scenes, grid, keep);
  let plays = "";
  const mark = () => {
    for (const tile of grid.querySelectorAll("button")) tile.toggleAttribute("aria-current", tile.dataset.scene === plays);
  };
  async function list() {
    grid.replaceChildren(...(await get("scenes.json")).map((each) => h("li", {}, scene(each, wire))));
    mark();
  }
  keep.addEventListener("submit", async (event) => {
    event.preventDefault();
    const told = await post("scene", JSON.stringify({ title: title.value }));
    if (told) { tell(said.kept(told.name)); title.value = ""; list(); }
  });
  list();
  return { element, scene({ name }) { plays = name; mark(); } };
}

function scene({ name, title, doc, fault }, wire) {
  return h("button", { "data-scene": name, "aria-label": said.load(title), title: fault || doc, disabled: Boolean(fault),
    onclick: () => wire.send("/scene/load", name) },
    fault ? null : h("img", { src: `/console/scenes/${name}.jpg`, alt: "", loading: "lazy", width: 192, height: 192 }),
    h("span", {}, title));
}

export function bring() {
  const input = h("input", { type: "file", accept: "image/*", id: "bring-file", "aria-describedby": "bring-hint" });
  const state = h("p", { class: "hint", id: "bring-hint" }, said.bringHint);
  input.addEventListener("change", async () => {
    const [file] = input.files;
    if (!file) return;
    write(state, said.bringing);
    const told = await post("origin", file, { type: file.type || "application/octet-stream" });
    write(state, told ? said.brought : said.bringHint);
    input.value = "";
  });
  return { element: section("bring", said.bring, h("label", { class: "button", for: "bring-file" }, said.choose), input, state) };
}
