// Type a message and watch what the network makes of it, after every character.

"use strict";

(globalThis.rnncourse.demos ??= {}).sentiment = (root, { layers, characters, other, labels, messages }) => {
  const { Model, softmax } = rnncourse.cells;
  const { element, button, title, bars, strip, announcer } = rnncourse.page;
  const model = new Model(layers);
  const token = new Map(characters.map((character, k) => [character, k]));
  const LONGEST = 140;
  const stepwise = !model.layers.some((layer) => layer.run); // one direction only
  const undecided = labels.map(() => 1 / labels.length);

  // ---- the network: its opinion after each character
  /** Letters lose their accents; what the network has no number for becomes `other`, if there is one. */
  function tokensOf(text) {
    const plain = text.normalize("NFKD").replace(/\p{M}/gu, "");
    return [...plain].slice(0, LONGEST)
      .map((character) => token.get(character) ?? other)
      .filter((k) => k !== null);
  }

  function opinionsOf(tokens) {
    if (!stepwise) return tokens.map((_, n) => whole(tokens.slice(0, n + 1)));
    let states = model.start();
    return tokens.map((k) => {
      const after = model.step(k, states);
      states = after.states;
      return { chances: [...softmax(after.output)], state: states.flat() };
    });
  }

  /** A network that reads in both directions must read each beginning anew, but each only once. */
  const known = new Map();
  function whole(tokens) {
    const key = tokens.join();
    if (!known.has(key)) known.set(key, { chances: [...softmax(model.run(tokens).at(-1))], state: [] });
    return known.get(key);
  }

  // ---- what the page shows
  const typed = element("textarea", {
    rows: 2, maxlength: LONGEST, spellcheck: "false", "aria-label": "your message", oninput: show,
  });
  typed.value = messages[0] ?? "";
  const chances = bars(labels, "how probable each attitude is");
  const lines = labels.map((_, k) => element("svg:polyline", { class: `sentiment-line sentiment-${k}` }));
  const curves = element(
    "svg:svg",
    { viewBox: "0 0 100 40", preserveAspectRatio: "none", class: "sentiment-curves", role: "img",
      "aria-label": "the probabilities after each character" }, ...lines);
  const state = strip({ label: "the state after the last character" });
  const spoken = announcer();
  chances.element.querySelectorAll("li").forEach((row, k) => row.classList.add(`sentiment-${k}`));

  root.append(
    element("p", { class: "live-lead" }, "Type a message. The network is asked again after every character."),
    typed,
    element("div", { class: "live-row" }, ...messages.map((message) =>
      button(message, () => {
        typed.value = message;
        show();
      }))),
    chances.element, title("after each character"), curves);
  if (stepwise) root.append(title("the state"), state.element);
  root.append(spoken.element);

  // ---- from the message to the page
  function show() {
    const opinions = opinionsOf(tokensOf(typed.value));
    const last = opinions.at(-1);
    chances.show(last?.chances ?? undecided);
    const width = 100 / Math.max(1, opinions.length - 1);
    lines.forEach((line, k) => line.setAttribute("points",
      opinions.map(({ chances: p }, t) => `${(t * width).toFixed(2)},${(39 - 38 * p[k]).toFixed(2)}`).join(" ")));
    if (stepwise) state.show(Float32Array.from((last?.state ?? model.start().flat()).flatMap((v) => [...v])));
    const best = last ? last.chances.indexOf(Math.max(...last.chances)) : -1;
    spoken.say(last ? `${labels[best]}, ${Math.round(100 * last.chances[best])} per cent` : "nothing to read");
  }

  show();
};
