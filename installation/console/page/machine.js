// The machine: what is not as it should be first, then every process, the disk, what was complained of.

import { clock, h, number, section, write } from "./dom.js";
import { said } from "./strings.js";

const GIB = 2 ** 30, MB = 1e6;

export function machine() {
  const trouble = h("ul", { class: "trouble" });
  const processes = h("ul", { class: "processes" });
  const cells = {};
  const cell = (key, label) => h("div", {}, h("dt", {}, label), cells[key] = h("dd", {}, "–"));
  const faults = h("ol", { class: "faults", tabindex: 0, "aria-label": said.faults });
  const element = section("machine", said.machine, trouble, processes,
    h("dl", { class: "cells" }, cell("recording", said.recording), cell("disk", said.disk), cell("ram", said.ram),
      cell("celsius", said.celsius), cell("gap", said.gap), cell("refused", said.refused)),
    h("h3", {}, said.faults), faults);
  let lastTrouble, lastFaults;
  return {
    element,
    machine(told) {
      if (!told.processes) return;
      const sentences = JSON.stringify(told.degraded);
      if (sentences !== lastTrouble) {
        lastTrouble = sentences;
        trouble.replaceChildren(...(told.degraded.length ? told.degraded : [said.well])
          .map((text) => h("li", { class: told.degraded.length ? "bad" : "good" }, text)));
      }
      processes.replaceChildren(...Object.entries(told.processes).map(process));
      const around = told.around;
      write(cells.recording, told.recording || said.notRecording);
      write(cells.gap, `${number(told.gap_ms)} ms`);
      write(cells.refused, String(told.refused));
      if (around) {
        write(cells.disk, said.free(`${number(around.free_bytes / GIB)} GiB`, `${number(around.total_bytes / GIB)}`));
        write(cells.ram, `${Math.round(around.memory * 100)} %`);
        const warmest = Object.entries(around.celsius).sort((a, b) => b[1] - a[1])[0];
        write(cells.celsius, warmest ? `${warmest[0]} ${Math.round(warmest[1])} °C` : said.noSensors);
      }
      const newest = `${told.faults[0]?.at} ${told.faults.length}`;
      if (newest !== lastFaults) {
        lastFaults = newest;
        faults.replaceChildren(...(told.faults.length ? told.faults.map(fault) : [h("li", {}, said.noFaults)]));
      }
    },
  };
}

function process([name, { state, deaths, memory }]) {
  const held = memory ? [`${Math.round(memory / MB)} MB`] : [], shaken = deaths ? [said.deaths(deaths)] : [];
  return h("li", { "data-state": deaths && state === "well" ? "shaken" : state },
    h("span", {}, name), h("small", {}, [said.process[state], ...held, ...shaken].join(", ")));
}

function fault({ at, level, text }) {
  return h("li", { class: level === "WARNING" ? "" : "bad" }, h("time", {}, clock(at)), ` ${text}`);
}
