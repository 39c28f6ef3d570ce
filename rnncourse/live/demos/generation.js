// A network that writes, a letter at a time: look at its chances, draw one, feed it back.

"use strict";

(globalThis.rnncourse.demos ??= {}).generation = (root, { layers, characters, primer }) => {
  const { Model, softmax } = rnncourse.cells;
  const { element, button, title, slider, strip, bars, announcer, clock, draw, reducedMotion } = rnncourse.page;
  const model = new Model(layers);
  const token = new Map(characters.map((character, k) => [character, k]));
  const LONGEST = 2000; // letters that stay on the page
  const SHOWN = 8; // of the likeliest letters

  let states = model.start();
  let logits = null; // for the letter that comes next
  let length = 0;

  // ---- the network
  function read(character) {
    const after = model.step(token.get(character), states);
    [states, logits] = [after.states, after.output];
  }

  /** The primer, from an empty memory; letters that the network has never seen are left out. */
  function begin(text) {
    states = model.start();
    const known = [...text].filter((character) => token.has(character));
    if (!known.length) known.push(token.has("\n") ? "\n" : characters[0]);
    known.forEach(read);
    return known.join("");
  }

  const chances = () => softmax(logits, heat.value);

  // ---- what the page shows
  const readable = (character) => ({ " ": "\u2423", "\n": "\u21b5", "\t": "\u21e5" })[character] ?? character;
  const given = element("textarea", {
    rows: 2, spellcheck: "false", maxlength: 400, "aria-label": "how the text begins",
    oninput: restart,
  });
  given.value = primer;
  const heat = slider({
    label: "temperature", min: 0.1, max: 2, step: 0.05, value: 0.7,
    read: (value) => value.toFixed(2), change: () => show(),
  });
  const page = element("div", { class: "generation-page", tabindex: 0, role: "region", "aria-label": "the text" });
  const rows = Array.from({ length: SHOWN }, (_, k) => String(k));
  const next = bars(rows, "the likeliest next letters");
  const names = [...next.element.querySelectorAll(".live-name")];
  const units = states.flat().reduce((sum, vector) => sum + vector.length, 0);
  const state = strip({ label: `the ${units} numbers of the state` });
  state.element.classList.add("generation-state");
  const note = element("p", { class: "live-lead" });
  const spoken = announcer();
  const play = button("Write", toggle, { class: "live-main" });
  const writer = clock(write, 35, (running) => (play.textContent = running ? "Stop" : "Write"));

  root.append(
    element("p", { class: "live-lead" },
      "Give it a beginning, choose how bold it should be, and let it write. "
      + "The darker the ground of a letter, the less it was expected."),
    title("the beginning"), given, note,
    heat.element,
    element("div", { class: "live-row" }, play, button("One letter", () => { writer.stop(); write(); }),
      button("Begin again", restart)),
    page,
    title("what comes next"), next.element,
    title("the state"), state.element, spoken.element);

  // ---- what the reader does
  function toggle() {
    if (writer.running) {
      writer.stop();
      spoken.say(page.textContent.slice(-200));
    } else if (reducedMotion()) {
      for (let k = 0; k < 200; k++) write();
      spoken.say(page.textContent.slice(-200));
    } else writer.start();
  }

  function restart() {
    writer.stop();
    const known = begin(given.value);
    const unknown = [...given.value].length - [...known].length;
    note.textContent = given.value && unknown > 0
      ? `${unknown} of these characters it has never seen; they are left out.` : "";
    length = 0;
    page.replaceChildren(element("span", { class: "generation-given" }, known));
    show();
  }

  function write() {
    const p = chances();
    const k = draw(p, Math.random);
    read(characters[k]);
    const surprise = Math.min(1, -Math.log2(p[k]) / 8);
    page.append(element("span", { style: `--surprise: ${surprise.toFixed(2)}` }, characters[k]));
    if (++length > LONGEST) page.firstChild.remove();
    page.scrollTop = page.scrollHeight;
    show();
  }

  function show() {
    const p = chances();
    const best = [...p.keys()].sort((a, b) => p[b] - p[a]).slice(0, SHOWN);
    next.show(best.map((k) => p[k]));
    best.forEach((k, row) => (names[row].textContent = readable(characters[k])));
    state.show(Float32Array.from(states.flat().flatMap((vector) => [...vector])));
  }

  restart();
};
