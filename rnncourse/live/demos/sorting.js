// A hand of numbers: the encoder reads it into one vector, and the decoder writes it in order.

"use strict";

(globalThis.rnncourse.demos ??= {}).sorting = (root, { values, lengths, encoder, decoder, answer }) => {
  const { layer, softmax } = rnncourse.cells;
  const { element, button, title, slider, strip, announcer, clock, percent, reducedMotion } = rnncourse.page;
  const reader = encoder.map(layer);
  const writer = decoder.map(layer);
  const reply = layer(answer);
  const [shortest, longest] = lengths;

  let hand = [];
  let written = []; // what the network has said: { number, sure }
  let done = 0; // steps so far, the reading ones first
  let states = [];
  let held = null; // the card that is being dragged, or has been picked up with the keyboard

  // ---- the network, one step at a time
  function step() {
    if (done === 0) states = reader.map((one) => one.start());
    const reading = done < hand.length;
    let x = reading ? oneHot(hand[done] - 1) : Float32Array.of(0);
    states = (reading ? reader : writer).map((one, depth) => {
      const after = one.step(x, states[depth]);
      x = after.output;
      return after.states;
    });
    if (!reading) {
      const chances = softmax(reply.apply(x));
      const sure = Math.max(...chances);
      written.push({ number: chances.indexOf(sure) + 1, sure });
    }
    done++;
  }

  function oneHot(k) {
    const vector = new Float32Array(values);
    vector[k] = 1;
    return vector;
  }

  // ---- what the page shows
  const cards = element("ol", { class: "sorting-hand", "aria-label": "the hand; arrow keys move a card" });
  const answers = element("ol", { class: "sorting-hand", "aria-label": "what the network writes" });
  const units = reader.reduce((sum, one) => sum + one.units, 0);
  const vector = strip({ label: `the state of the network, ${units} numbers` });
  vector.element.classList.add("sorting-vector");
  const verdict = element("p", { class: "sorting-verdict" });
  const spoken = announcer();
  const count = slider({
    label: "cards", min: shortest, max: longest, value: Math.min(10, longest), change: deal,
  });
  const typed = element("input", {
    type: "text", inputmode: "numeric", "aria-label": `your own numbers, from 1 to ${values}`,
    placeholder: "or type: 7 3 12 3", size: 18, autocomplete: "off",
  });
  const form = element(
    "form", { class: "live-row", onsubmit: (event) => { event.preventDefault(); take(typed.value); } },
    typed, element("button", { type: "submit" }, "Use these"));
  const play = button("Sort", sort, { class: "live-main" });
  const player = clock(advance, 110);

  root.append(
    element("p", { class: "live-lead" },
      "The encoder reads the cards from left to right; all that the decoder is given is the state it ends with."),
    element("div", { class: "live-row" }, button("Deal", () => deal(count.value)),
      button("Shuffle", shuffle), count.element),
    form,
    title("your hand: drag a card, or focus it and press the arrow keys"), cards,
    element("div", { class: "live-row" }, play, button("Next step", () => { player.stop(); advance(); })),
    title("the state"), vector.element,
    title("what it writes"), answers, verdict, spoken.element);

  // ---- what the reader does
  function deal(size) {
    take(Array.from({ length: size }, () => 1 + Math.floor(Math.random() * values)).join(" "));
  }

  function shuffle() {
    for (let i = hand.length - 1; i > 0; i--) {
      const j = Math.floor(Math.random() * (i + 1));
      [hand[i], hand[j]] = [hand[j], hand[i]];
    }
    reset();
  }

  /** Take the numbers out of a text; anything else in it is left where it is. */
  function take(text) {
    const found = (text.match(/-?\d+(\.\d+)?/g) ?? []).map(Number);
    const fit = found.filter((n) => Number.isInteger(n) && n >= 1 && n <= values).slice(0, longest);
    if (fit.length) hand = fit;
    reset();
    if (fit.length < found.length || !fit.length) {
      verdict.textContent = `It reads up to ${longest} whole numbers from 1 to ${values}`
        + (fit.length ? "; the others are left out." : ".");
    }
  }

  function move(from, to) {
    if (to < 0 || to >= hand.length || from === to) return;
    hand.splice(to, 0, ...hand.splice(from, 1));
    reset();
  }

  function reset() {
    player.stop();
    [written, done] = [[], 0];
    states = reader.map((one) => one.start());
    verdict.textContent = "";
    show();
  }

  function sort() {
    if (done === 2 * hand.length) reset();
    if (reducedMotion()) while (advance());
    else player.start();
  }

  function advance() {
    if (done === 2 * hand.length) return false;
    verdict.textContent = "";
    step();
    show();
    if (done < 2 * hand.length) return true;
    judge();
    return false;
  }

  function judge() {
    const wanted = [...hand].sort((a, b) => a - b);
    const wrong = wanted.filter((number, k) => number !== written[k].number).length;
    verdict.textContent = wrong
      ? `${wrong} of ${hand.length} are wrong. Those are underlined.`
      : `All ${hand.length} are right.`;
    [...answers.children].forEach((card, k) =>
      card.classList.toggle("sorting-wrong", written[k].number !== wanted[k]));
    spoken.say(`It writes ${written.map(({ number }) => number).join(", ")}. ${verdict.textContent}`);
  }

  // ---- the cards
  const shade = (number) => `--share: ${number / values}`;

  function show() {
    const focused = [...cards.children].indexOf(document.activeElement?.closest?.("li"));
    cards.replaceChildren(...hand.map((number, k) => {
      const card = element("button", {
        type: "button", class: "sorting-card", style: shade(number),
        "aria-label": `card ${k + 1} of ${hand.length}: ${number}`,
        onkeydown: (event) => {
          const by = { ArrowLeft: -1, ArrowUp: -1, ArrowRight: 1, ArrowDown: 1 }[event.key];
          if (!by) return;
          event.preventDefault();
          const to = Math.min(hand.length - 1, Math.max(0, k + by));
          move(k, to);
          cards.children[to].firstChild.focus();
        },
      }, String(number));
      const item = element("li", {}, card);
      item.classList.toggle("sorting-read", k < done);
      item.classList.toggle("sorting-reading", k === done - 1);
      card.addEventListener("pointerdown", (event) => grip(event, card, k));
      return item;
    }));
    if (focused >= 0) cards.children[Math.min(focused, hand.length - 1)].firstChild.focus();
    answers.replaceChildren(...hand.map((_, k) => {
      const said = written[k];
      if (!said) return element("li", {}, element("span", { class: "sorting-card sorting-empty" }, "\u00a0"));
      return element("li", { title: `${percent(said.sure)} sure` },
        element("span", { class: "sorting-card sorting-said", style: shade(said.number) },
          String(said.number), element("small", {}, percent(said.sure))));
    }));
    vector.show(Float32Array.from(states.flatMap(([h]) => [...h])));
  }

  /** Drag a card: it follows the pointer, and lands where it is let go. */
  function grip(event, card, from) {
    if (event.button) return;
    player.stop();
    held = { x: event.clientX, y: event.clientY };
    card.setPointerCapture(event.pointerId);
    card.classList.add("sorting-held");
    card.onpointermove = (moved) => {
      card.style.translate = `${moved.clientX - held.x}px ${moved.clientY - held.y}px`;
    };
    card.onpointercancel = () => show();
    card.onpointerup = (let_go) => {
      const to = nearest(let_go.clientX, let_go.clientY);
      held = null;
      if (to === from) {
        card.onpointermove = card.onpointerup = null;
        card.style.translate = "";
        card.classList.remove("sorting-held");
      } else move(from, to);
    };
  }

  /** The place whose middle is nearest. */
  function nearest(x, y) {
    const far = [...cards.children].map((item) => {
      const box = item.getBoundingClientRect();
      return Math.hypot(x - box.x - box.width / 2, y - box.y - box.height / 2);
    });
    return far.indexOf(Math.min(...far));
  }

  deal(count.value);
};
