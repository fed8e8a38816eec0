// The programme: what is wanted now, the week as bars of 24 hours, and the days that are otherwise.

import { h, section, tell, write } from "./dom.js";
import { said } from "./strings.js";
import { post } from "./wire.js";

const DAY = 24 * 60; // minutes

export function programme() {
  const now = h("p", { class: "now" }), week = h("div", { class: "week" });
  const others = h("ul", { class: "exceptions" });
  const undo = h("button", { class: "quiet", hidden: true, onclick: () => change("undo", {}, said.tookBack) }, said.takeBack);
  const part = h("div", { hidden: true }, h("h3", {}, said.exceptions), others, adding(), undo);
  const here = h("rect", { class: "here", width: 8, height: 10 });
  const drawn = {};
  const redraw = (kind, news, draw) => { // only where it is another than before: nobody loses the button under a finger
    const text = JSON.stringify(news);
    if (drawn[kind] !== text) draw(news);
    drawn[kind] = text;
  };
  return {
    element: section("programme", said.programme, now, week, part),
    plan(plan) {
      part.hidden = !plan.week.length;
      write(now, plan.week.length ? present(plan) : said.noProgramme);
      redraw("week", plan.week, (days) => week.replaceChildren(...days.map((each, ahead) => day(each, days[ahead - 1], ahead ? null : here))));
      if (!plan.week.length) return;
      here.setAttribute("x", plan.minute - 4);
      redraw("exceptions", plan.exceptions, (all) => others.replaceChildren(
        ...(all.length ? all.map(exception) : [h("li", {}, said.noExceptions)])));
      undo.hidden = !plan.undo;
    },
  };
}

/** Until when the doors are open, what plays and what comes next; or when they open. */
function present({ week, minute, scene }) {
  const now = spansOf(week).find(([from, to]) => from <= minute && minute < to);
  if (!now) {
    const [opens] = spansOf(week).find(([from]) => from > minute) ?? [];
    return opens == null ? said.closedAllWeek : said.opens(weekday(week[Math.floor(opens / DAY)].date), time(opens % DAY));
  }
  const next = week[0].plays.find(([at]) => at > minute && at < now[1]);
  return said.present(now[1] < week.length * DAY ? time(now[1] % DAY || DAY) : "", scene, next && [time(next[0]), next[1]]);
}

/** Every open span of the week in minutes from today's midnight; what goes on over midnight is one. */
function spansOf(week) {
  const all = week.flatMap(({ open }, ahead) => open.map(([from, to]) => [from + ahead * DAY, to + ahead * DAY]));
  return all.sort(([a], [b]) => a - b).reduce((joined, [from, to]) => {
    const last = joined.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
    return joined;
  }, []);
}

/** A day as a bar of 24 hours, and in words; of today also where we are, and what plays when. */
function day({ date, open, plays, reason }, before, here) {
  const isToday = Boolean(here);
  const night = (before?.open ?? []).filter(([, to]) => to > DAY).map(([, to]) => [0, to - DAY]);
  const bar = h("svg", { viewBox: `0 0 ${DAY} 10`, preserveAspectRatio: "none", "aria-hidden": "true" },
    ...[...night, ...open].map(([from, to]) => h("rect", { x: from, width: Math.min(to, DAY) - from, height: 10 })),
    here);
  const words = [spans(open), reason].filter(Boolean).join(" · ");
  const list = isToday && plays.length ? h("details", {}, h("summary", {}, said.allToday), h("ol", {}, ...plays.map(play))) : null;
  return h("div", { class: isToday ? "day today" : "day" }, h("span", {}, isToday ? said.today : weekday(date)), bar, h("small", {}, words), list);
}

function play([at, scene]) {
  return h("li", {}, h("span", { class: "number" }, time(at)), ` ${scene}`);
}

function exception({ first, last, hours, name, here }) {
  const when = first === last ? weekday(first) : `${weekday(first)} – ${weekday(last)}`;
  const words = [hours.join(", ") || said.closedAllDay, name].filter(Boolean).join(" · ");
  const remove = here
    ? h("button", { class: "quiet", "aria-label": `${said.remove}: ${when}`, onclick: () => change("remove", { first }, said.removed) }, said.remove)
    : h("small", {}, said.inTheFile);
  return h("li", {}, h("span", {}, when), h("small", {}, words), remove);
}

function adding() {
  const field = (label, attributes) => {
    const input = h("input", attributes);
    return [input, h("label", {}, h("span", {}, label), input)];
  };
  const [first, from] = field(said.firstDay, { type: "date", required: true });
  const [last, until] = field(said.lastDay, { type: "date" });
  const [hours, open] = field(said.hours, { type: "text", placeholder: said.hoursHint, maxlength: 120, "aria-describedby": "hours-hint" });
  const [name, why] = field(said.why, { type: "text", maxlength: 80 });
  const form = h("form", { class: "adding" }, from, until, open, why,
    h("p", { class: "hint", id: "hours-hint" }, said.hoursExplained), h("button", {}, said.addIt));
  first.addEventListener("change", () => { last.min = first.value; });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const wish = { first: first.value, last: last.value, hours: hours.value, name: name.value };
    if (await change("add", wish, said.added)) form.reset();
  });
  return h("details", {}, h("summary", {}, said.addException), form);
}

async function change(what, wish, done) {
  const told = await post(`exceptions/${what}`, JSON.stringify(wish));
  if (told) tell(done);
  return told;
}

const weekday = (date) => new Date(`${date}T12:00`).toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short" });
const spans = (open) => open.map(([from, to]) => `${time(from)}–${time(to)}`).join(", ") || said.closedAllDay;

function time(minutes) {
  const two = (n) => String(n).padStart(2, "0");
  return `${two(minutes === DAY ? 24 : Math.floor(minutes / 60) % 24)}:${two(minutes % 60)}`;
}
