// Takes and editions: look through them, play them, publish, download, protect, delete; and how far the press is.

import { clock, h, section, tell, write } from "./dom.js";
import { said } from "./strings.js";
import { get, post } from "./wire.js";

const MORE = 12; // takes that are shown at first, and again with every press
const CELLS = 8; // pictures of a preview, side by side

export function takes(wire) {
  const list = h("ul", { class: "takes" }), jobs = h("ul", { class: "jobs", "aria-label": said.jobs }), rows = new Map();
  const more = h("button", { class: "quiet", hidden: true, onclick: () => { shown += MORE; draw(); } }, said.older);
  const keep = h("button", { title: said.keepMinutesHint, onclick: () => wire.send("/record/keep") }, said.keepMinutes);
  const dialog = confirming(), forms = get("forms.json");
  let all = [], shown = MORE, stand;

  function draw() {
    for (const take of all.slice(0, shown)) {
      if (!rows.has(take.name)) rows.set(take.name, row(take.name, forms, dialog));
      rows.get(take.name).show(take);
    }
    const wanted = all.slice(0, shown).map(({ name }) => rows.get(name).element);
    for (const element of [...list.children]) if (!wanted.includes(element)) element.remove();
    wanted.forEach((element, place) => { if (list.children[place] !== element) list.insertBefore(element, list.children[place] ?? null); });
    if (!all.length) list.replaceChildren(h("li", { class: "hint" }, said.noTakes));
    more.hidden = all.length <= shown;
  }

  async function refresh() {
    all = await get("takes.json");
    draw();
  }

  return {
    element: section("takes", said.takes, jobs, h("div", { class: "buttons" }, keep), list, more, dialog.element),
    library(told) {
      if (told.stand !== stand) refresh();
      stand = told.stand;
      report(jobs, told.jobs);
    },
  };
}

/** Every job as a line; what has ended since the last time is said. */
function report(element, jobs) {
  const before = new Map([...element.children].map((each) => [Number(each.dataset.number), each]));
  element.replaceChildren(...jobs.map((each) => {
    const line = before.get(each.number) ?? job(each);
    if (line.dataset.stage && line.dataset.stage !== each.stage && ["done", "failed"].includes(each.stage))
      tell(`${each.title}: ${each.said || said.stages[each.stage]}`, each.stage === "failed");
    line.update(each);
    return line;
  }));
}

function job({ number, title, forms }) {
  const name = `${title}, ${forms.join(", ")}`, bar = h("progress", { max: 1, "aria-label": name }), state = h("small", {});
  const cancel = h("button", { class: "quiet", "aria-label": `${said.cancel}: ${name}`, onclick: () => post(`jobs/${number}/cancel`, "{}") }, said.cancel);
  const element = h("li", { "data-number": number }, h("span", {}, title, " ", h("small", {}, forms.join(", "))), state, bar, cancel);
  element.update = ({ stage, share, said: why }) => {
    element.dataset.stage = stage;
    bar.value = share;
    bar.hidden = !["waiting", "working"].includes(stage);
    cancel.hidden = bar.hidden;
    write(state, stage === "working" ? said.percent(share) : why || said.stages[stage]);
  };
  return element;
}

// One take ------------------------------------------------------------------------------------------------------------

function row(name, forms, dialog) {
  const path = `takes/${encodeURIComponent(name)}`, url = `/console/${path}`;
  const thumb = h("img", { src: `${url}/preview`, alt: "", loading: "lazy", width: 96, height: 96, onerror: () => thumb.classList.add("none") });
  const title = h("span", { class: "name" }), facts = h("small", {}), marks = h("small", { class: "marks" });
  const viewer = h("figure", {}), editions = h("ul", { class: "editions" }), choice = h("div", {}), head = h("div", { class: "buttons" });
  const element = h("li", { "data-take": name }, h("details", { ontoggle: (event) => { if (event.target.open) open(); } },
    h("summary", {}, thumb, h("span", { class: "words" }, title, facts, marks)), head, viewer, editions, choice));
  let take, seen = "";
  thumb.addEventListener("pointermove", ({ offsetX }) => {
    const cell = Math.min(Math.max(Math.floor((CELLS * offsetX) / thumb.clientWidth), 0), CELLS - 1);
    thumb.style.objectPosition = `${(100 * cell) / (CELLS - 1)}% 0`; // leaf through it
  });
  thumb.addEventListener("pointerleave", () => { thumb.style.objectPosition = ""; });

  const publish = (wanted) => post(`${path}/publish`, JSON.stringify({ forms: wanted }))
    .then((told) => { if (told) tell(said.queued); return told; });

  function view(edition) {
    const src = `${url}/editions/${encodeURIComponent(edition.sent)}`;
    viewer.replaceChildren(edition.shown === "film"
      ? h("video", { src, controls: true, playsinline: true, loop: edition.form === "loop", preload: "metadata", "aria-label": edition.file })
      : h("img", { src, alt: edition.file }));
    return viewer.firstChild;
  }

  function open() {
    const film = take.editions.find(({ form }) => form === "h264") ?? take.editions.find(({ shown }) => shown === "film");
    const now = JSON.stringify(film ?? take.status);
    if (now !== seen) {
      seen = now;
      if (film) view(film);
      else viewer.replaceChildren(h("img", { class: "strip", src: `${url}/preview`, alt: said.strip }),
        take.status === "running" ? h("p", { class: "hint" }, said.stillRunning)
          : h("button", { class: "go", onclick: () => publish(["h264"]) }, said.makeFilm));
    }
    editions.replaceChildren(...take.editions.map((each) => edition(each, url, view, take.protected ? null : () => dialog.ask(
      said.withdrawAsk(each.file, size(each.total_bytes)), () => post(`${path}/editions/${encodeURIComponent(each.sent)}/delete`, "{}")))));
    head.replaceChildren(
      h("button", { "aria-pressed": String(take.protected), title: said.protectHint,
        onclick: () => post(`${path}/protect`, JSON.stringify({ protected: !take.protected })) }, said.protect),
      h("button", { class: "delete", disabled: take.protected || take.status === "running",
        onclick: () => dialog.ask(said.deleteAsk(take.title, day(take), size(take.bytes)), () => post(`${path}/delete`, "{}")) }, said.delete));
    if (take.status !== "running" && !choice.firstChild) forms.then((all) => choice.replaceChildren(chooser(all, publish)));
  }

  return {
    element,
    show(now) {
      if (take?.status === "running" && now.status !== "running") { // now there is something to see
        thumb.classList.remove("none");
        thumb.src = `${url}/preview`;
      }
      take = now;
      write(title, now.title);
      write(facts, [day(now), length(now.seconds), size(now.bytes)].join(" · "));
      const film = now.editions.some(({ shown }) => shown === "film");
      write(marks, [said.statuses[now.status], film && said.hasFilm, now.protected && said.isProtected].filter(Boolean).join(" · "));
      marks.dataset.status = now.status;
      if (element.firstChild.open) open();
    },
  };
}

function edition(each, url, view, withdraw) {
  const name = each.form.replaceAll("-", " "), src = `${url}/editions/${encodeURIComponent(each.sent)}`;
  const look = each.shown ? h("button", { class: "quiet", "aria-label": `${said.look[each.shown]}: ${each.file}`,
    onclick: () => view(each).scrollIntoView({ block: "nearest" }) }, said.look[each.shown]) : null;
  return h("li", {}, h("span", {}, name, " ", h("small", {}, size(each.total_bytes))), look,
    h("a", { class: "button quiet", href: src, download: each.sent, "aria-label": `${said.download}: ${each.file}` }, said.download),
    h("button", { class: "quiet", disabled: !withdraw, "aria-label": `${said.delete}: ${each.file}`, onclick: withdraw }, said.delete));
}

function chooser(forms, publish) {
  const boxes = forms.map(({ name, doc, usual }) => [name, h("input", { type: "checkbox", checked: usual }), doc]);
  const form = h("form", { class: "chooser" }, h("fieldset", {}, h("legend", {}, said.publishAs),
    ...boxes.map(([name, box, doc]) => h("label", {}, box, h("span", {}, name, h("small", {}, doc))))),
  h("button", { class: "go" }, said.publish));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    await publish(boxes.filter(([, box]) => box.checked).map(([name]) => name));
  });
  return h("details", {}, h("summary", {}, said.publishMore), form);
}

/** A dialog that asks before something is done that cannot be undone. */
function confirming() {
  const words = h("p", {});
  let sure;
  const yes = h("button", { class: "delete", onclick: () => { element.close(); sure(); } }, said.deleteSure);
  const element = h("dialog", { "aria-label": said.delete }, h("div", { class: "asked" }, words,
    h("div", { class: "buttons" }, h("button", { autofocus: true, onclick: () => element.close() }, said.cancel), yes)));
  return { element, ask(sentence, doIt) { words.textContent = sentence; sure = doIt; element.showModal(); } };
}

// In words ------------------------------------------------------------------------------------------------------------

function day({ started }) {
  const then = new Date(started * 1000), now = new Date();
  if (now - then < 6 * 24 * 3600 * 1000) return clock(started);
  const year = then.getFullYear() === now.getFullYear() ? {} : { year: "numeric" };
  return then.toLocaleString("en-GB", { day: "numeric", month: "short", ...year, hour: "2-digit", minute: "2-digit" });
}

const UNBROKEN = "\u00a0"; // between a number and its unit no line is broken

function length(seconds) {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.round(seconds) % 60];
  const parts = hours ? [hours, "h", minutes, "min"] : minutes ? [minutes, "min", rest, "s"] : [rest, "s"];
  return parts.join(UNBROKEN);
}

function size(bytes) {
  const [number, unit] = bytes >= 1e9 ? [bytes / 1e9, "GB"] : bytes >= 1e6 ? [bytes / 1e6, "MB"] : [bytes / 1e3, "kB"];
  return `${number.toFixed(number < 10 ? 1 : 0)}${UNBROKEN}${unit}`;
}
