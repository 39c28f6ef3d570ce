// Type a message and watch what the network makes of it, after every character.

"use strict";

(globalThis.rnncourse.demos ??= {}).sentiment = (root, { layers, labels, messages, run }) => {
  const { Model, softmax } = rnncourse.cells;
  const { element, button, title, bars, strip, announcer } = rnncourse.page;
  const model = new Model(layers);
  const LONGEST = 140;
  const OTHER = 1; // the number of what ASCII has no sign for
  const PLAIN = { "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-" };
  const rows = layers[0].weights.table.shape[0];
  const stepwise = !model.layers.some((layer) => layer.run); // one direction only
  const undecided = labels.map(() => 1 / labels.length);

  // ---- the network: its opinion after each character
  /** A character as ASCII: typographic signs become plain, capitals small, an emoji is OTHER. */
  function code(character) {
    const number = (PLAIN[character] ?? character).codePointAt(0);
    if (number > 32 && number < 127) return number >= 65 && number <= 90 ? number + 32 : number;
    return /[\p{Z}\p{C}]/u.test(character) ? 32 : OTHER;
  }

  /** For each character, the row of the table for it and those before it: a hash, the same as that of
   *  `endings` in rnncourse/sentiment.py. Letters lose their accents. */
  function tokensOf(text) {
    const plain = text.normalize("NFKD").replace(/\p{M}/gu, "");
    const codes = [...plain].slice(0, LONGEST).map(code);
    return codes.map((_, t) => {
      let hash = 0;
      for (let k = t - run + 1; k <= t; k++) hash = (31 * hash + (codes[k] ?? 0)) % (rows - 1);
      return hash + 1;
    });
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
