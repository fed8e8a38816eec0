// The console: what is shown to whom, and which news goes where.

import { h, tell } from "./dom.js";
import { entrance } from "./entrance.js";
import { glance, readings, top } from "./glance.js";
import { knobs } from "./knobs.js";
import { machine } from "./machine.js";
import { outputs } from "./outputs.js";
import { picture } from "./picture.js";
import { bar, bring, cues, scenes, words } from "./playing.js";
import { programme } from "./programme.js";
import { takes } from "./takes.js";
import { Wire } from "./wire.js";

const KINDS = ["piece", "scene", "machine", "values", "rules", "turned", "corners", "plan", "library"];
const wire = new Wire(), header = top(), live = picture();
let parts = [];

wire.on("hello", (hello) => {
  const isPlayer = hello.role === "player";
  const look = [glance(), readings(hello.readings)];
  const play = isPlayer ? [words(wire), cues(wire), knobs(hello.knobs, hello.atHand, wire)] : [];
  const more = isPlayer ? [machine(), scenes(wire), bring(), takes(wire), programme(), outputs(wire, hello.knobs)] : [];
  parts = [header, ...look, ...play, ...more, ...(isPlayer ? [bar(wire)] : [])];
  const column = (name, its) => h("div", { class: name }, ...its);
  document.body.dataset.role = hello.role;
  const elements = (its) => its.map(({ element }) => element), coming = entrance(hello);
  header.entrance.replaceChildren(...(coming && !isPlayer ? [coming] : []));
  document.getElementById("main").replaceChildren(
    column("look", [live, ...elements(look)]),
    ...(isPlayer ? [column("play", elements(play)), column("more", [...elements(more), ...(coming ? [coming] : [])])] : []));
  header.parts(isPlayer ? document.querySelectorAll("main section") : []);
});
for (const kind of KINDS) wire.on(kind, (news) => { for (const part of parts) part[kind]?.(news); });
wire.on("refused", (all) => { for (const [, sentence] of all) tell(sentence, true); });
wire.on("lost", () => header.lost());
wire.open();
