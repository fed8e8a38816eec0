// Coming in: whoever is elsewhere says the passcode to play, and may go back to looking on.

import { h } from "./dom.js";
import { said } from "./strings.js";
import { post, query } from "./wire.js";

export function entrance({ role, passcode }) {
  if (query) return h("p", { class: "hint" }, said.visitor);
  if (role === "player") return passcode ? h("button", { class: "quiet", onclick: leave }, said.leave) : null;
  if (!passcode) return h("p", { class: "hint" }, said.visitor);
  const word = h("input", { type: "password", autocomplete: "current-password", required: true, id: "passcode" });
  const why = h("p", { role: "alert", class: "refusal" });
  const form = h("form", { method: "dialog" }, h("label", { for: "passcode" }, said.passcode), word, why,
    h("div", { class: "buttons" }, h("button", { class: "go" }, said.enterIt),
      h("button", { type: "button", onclick: () => dialog.close() }, said.cancel)));
  const dialog = h("dialog", { "aria-label": said.enter }, form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const refuse = (sentence) => { why.textContent = sentence; };
    const told = await post("enter", JSON.stringify({ passcode: word.value }), { refuse });
    word.value = "";
    if (told) location.reload();
  });
  return h("div", {}, h("button", { onclick: () => dialog.showModal() }, said.enter), dialog);
}

async function leave() {
  if (await post("leave", "{}")) location.reload();
}
