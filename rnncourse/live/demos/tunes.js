// A network that composes: tokens of ABC one after another, then the tune as sound.

"use strict";

// A cell without a weight: it counts the beats while the tokens go by. The numbers are those of
// rnncourse/music/metronome.py, where it says what they mean.
rnncourse.cells.kinds.Metronome = class {
  constructor({ sizes, weights }) {
    Object.assign(this, { sizes, ...weights });
  }

  start() {
    return [new Float32Array(8)];
  }

  step(x, [state]) {
    let [metre, gone, upbeat, first, triplet, eighth, bars, parts] = state;
    const token = x.indexOf(1);
    const [start, newMetre, note, more, opens, line, border, ending] = this.table.subarray(8 * token, 8 * token + 8);
    if (note) eighth = triplet ? 2 / 3 : 1;
    triplet = opens ? 3 : Math.max(triplet - note, 0);
    gone += eighth * (note + more);

    const ends = line && gone > 0; // of two bar lines in a row one counts
    const short = gone < metre - 0.01;
    if (ends && first) upbeat = short ? gone : 0;
    if (ends && gone + upbeat > metre - 0.01 && !(first && short)) bars += 1;
    if (ends && border) parts += 1;
    if (line) gone = 0;
    if (ends) first = border;
    if (ending) first = 0;
    if (border) bars = 0;

    if (newMetre) metre = newMetre;
    if (start) [metre, gone, upbeat, bars, parts, first] = [0, 0, 0, 0, 0, 1];

    const [halves, most, last] = this.sizes;
    const output = Float32Array.of(
      ...x, ...this.oneHot(2 * (metre - gone) + 1, halves),
      ...this.oneHot(2 * (metre - upbeat - gone) + 1, halves),
      ...this.oneHot(bars, most), ...this.oneHot(parts, last));
    const states = [Float32Array.of(metre, gone, upbeat, first, triplet, eighth, bars, parts)];
    return { output, states, gates: {} };
  }

  oneHot(number, size) {
    const vector = new Float32Array(size);
    const inside = Math.min(size - 1, Math.max(0, number));
    // a number in the middle of two goes to the even one, as in Python
    const even = 2 * Math.round(inside / 2);
    vector[Math.abs(inside - even) === 0.5 ? even : Math.round(inside)] = 1;
    return vector;
  }
};

(globalThis.rnncourse.demos ??= {}).tunes = (root, { layers, tokens, start }) => {
  const { Model, softmax } = rnncourse.cells;
  const { element, button, title, slider, strip, announcer, clock, draw, reducedMotion } = rnncourse.page;
  const model = new Model(layers);
  const LONGEST = 600;
  const SECONDS = 0.19; // of an eighth
  const of = (what) => tokens.map((token, k) => ({ ...token, k })).filter(({ kind }) => kind === what);
  const counter = layers.findIndex(({ kind }) => kind === "Metronome");
  const reader = layers.findIndex(({ kind }) => kind === "GRU" || kind === "LSTM" || kind === "SimpleRNN");

  let states = model.start();
  let logits = null;
  let written = []; // numbers of tokens
  let notes = []; // { at, length, pitch } in eighths
  let lines = []; // where bars end, in eighths
  let music; // what of the ABC is in force: key, accidentals, triplet, time

  // ---- the network
  function read(k) {
    const after = model.step(k, states);
    [states, logits] = [after.states, after.output];
    written.push(k);
    hear(tokens[k]);
  }

  // ---- from tokens to notes
  const NATURAL = { C: 0, D: 2, E: 4, F: 5, G: 7, A: 9, B: 11 };
  const FIFTHS = "FCGDAEB"; // sharps come in this order

  function hear(token) {
    const { kind } = token;
    if (kind === "start") music = { sharps: 0, now: 0, altered: {}, triplet: 0, last: null };
    else if (kind === "tonic") music.sharps = token.fifths;
    else if (kind === "mode") music.sharps += token.fifths;
    else if (kind === "triplet") music.triplet = 3;
    else if (kind === "tie") music.tied = true;
    else if (kind === "line" || kind === "ending") {
      music.altered = {};
      if (kind === "line") lines.push(music.now);
    } else if (kind === "length" && music.last) {
      music.said += token.text;
      music.now -= music.last.length;
      music.last.length = music.unit * eighths(music.said);
      music.now += music.last.length;
    } else if (kind === "note" || kind === "rest") {
      const length = music.triplet > 0 ? 2 / 3 : 1;
      music.triplet = Math.max(0, music.triplet - 1);
      [music.unit, music.said] = [length, ""];
      music.last = { at: music.now, length, pitch: kind === "rest" ? null : pitchOf(token) };
      if (kind === "note") notes.push(music.last);
      music.now += length;
    }
  }

  /** What stands behind a note: "2", "3/2", "/". Two figures in a row are one number, as on paper. */
  function eighths(said) {
    const factors = said.match(/\d+(\/\d+)?|\/\d*/g).map((part) => {
      const [times, parts = "1"] = part.split("/");
      return (Number(times) || 1) / (Number(parts) || 2);
    });
    return factors.reduce((product, factor) => product * factor);
  }

  /** MIDI number: 60 is middle C. An accidental holds to the end of the bar. */
  function pitchOf({ letter, octave, accidental }) {
    const name = letter + octave;
    if (accidental !== null) music.altered[name] = accidental;
    const byKey = Math.floor((music.sharps - FIFTHS.indexOf(letter) + 6) / 7);
    return 60 + 12 * octave + NATURAL[letter] + (music.altered[name] ?? byKey);
  }

  // ---- what the page shows
  const choose = (what, label, usual) => {
    const select = element("select", { "aria-label": label },
      ...of(what).map(({ text, k }) => {
        const name = text.trim().replace(/^M:/, "");
        return element("option", { value: k, selected: name === usual }, name);
      }));
    return select;
  };
  const metre = choose("metre", "metre", "6/8");
  const mode = choose("mode", "mode", "Major");
  const heat = slider({ label: "temperature", min: 0.2, max: 1.5, step: 0.05, value: 0.7,
    read: (value) => value.toFixed(2), change() {} });
  const sheet = element("pre", { class: "tunes-sheet", tabindex: 0, role: "region", "aria-label": "the tune in ABC" });
  const roll = element("svg:svg", { class: "tunes-roll", preserveAspectRatio: "none", role: "img",
    "aria-label": "the tune as a piano roll" });
  const state = strip({ label: "the state of the recurrent layer" });
  state.element.classList.add("tunes-state");
  const count = element("p", { class: "tunes-count" });
  const spoken = announcer();
  const compose = button("Compose", () => (writer.running ? writer.stop() : begin()), { class: "live-main" });
  const play = button("Play", () => (sound ? silence() : perform()));
  const writer = clock(write, 16, (running) => (compose.textContent = running ? "Stop" : "Compose"));

  root.append(
    element("p", { class: "live-lead" }, "Choose a metre and a mode; the network writes the tune, and you hear it."),
    element("div", { class: "live-row" }, metre, mode, heat.element),
    element("div", { class: "live-row" }, compose, play, count),
    roll, sheet, title("the state"), state.element, spoken.element);

  // ---- what the reader does
  function begin() {
    silence();
    [states, written, notes, lines] = [model.start(), [], [], []];
    read(start);
    const tonic = of("tonic").find(({ text }) => text === "K:D") ?? of("tonic")[0];
    for (const k of [metre.value, tonic?.k, mode.value]) if (k !== undefined && k !== "") read(Number(k));
    if (reducedMotion()) while (write());
    else writer.start();
  }

  function write() {
    const k = draw(softmax(logits, heat.value), Math.random);
    const over = k === start || written.length >= LONGEST;
    if (!over) read(k);
    show();
    if (over) {
      count.textContent = `${notes.length} notes in ${lines.length} bars.`;
      spoken.say(`A tune of ${count.textContent}`);
    }
    return !over;
  }

  // ---- sound
  let sound = null;

  function perform() {
    if (!notes.length) return;
    writer.stop();
    const context = new AudioContext();
    const begun = context.currentTime + 0.1;
    for (const { at, length, pitch } of notes) pluck(context, pitch, begun + at * SECONDS, length * SECONDS);
    const bars = [...roll.querySelectorAll("rect")];
    const follow = clock(() => {
      const now = (context.currentTime - begun) / SECONDS;
      notes.forEach(({ at, length }, k) => bars[k]?.classList.toggle("tunes-sounding", at <= now && now < at + length));
      if (now > music.now + 1) silence();
    }, 60);
    follow.start();
    sound = { context, follow };
    play.textContent = "Be quiet";
  }

  function silence() {
    if (!sound) return;
    sound.follow.stop();
    sound.context.close();
    sound = null;
    play.textContent = "Play";
    roll.querySelectorAll(".tunes-sounding").forEach((bar) => bar.classList.remove("tunes-sounding"));
  }

  /** One note, like a string that is plucked: at once there, and dying away. */
  function pluck(context, pitch, when, seconds) {
    const string = new OscillatorNode(context, { type: "triangle", frequency: 440 * 2 ** ((pitch - 69) / 12) });
    const loudness = new GainNode(context, { gain: 0 });
    loudness.gain.setValueAtTime(0, when);
    loudness.gain.linearRampToValueAtTime(0.25, when + 0.008);
    loudness.gain.exponentialRampToValueAtTime(0.002, when + seconds + 0.25);
    string.connect(loudness).connect(context.destination);
    string.start(when);
    string.stop(when + seconds + 0.3);
  }

  // ---- from the notes to the page
  function show() {
    sheet.textContent = written.map((k) => tokens[k].text).join("");
    sheet.scrollTop = sheet.scrollHeight;
    const pitches = notes.map(({ pitch }) => pitch);
    const [low, high] = [Math.min(55, ...pitches), Math.max(86, ...pitches)];
    const width = Math.max(64, music.now);
    roll.setAttribute("viewBox", `0 0 ${width} ${high - low + 1}`);
    roll.replaceChildren(
      ...lines.map((at) => element("svg:line", { x1: at, x2: at, y1: 0, y2: high - low + 1 })),
      ...notes.map(({ at, length, pitch }) =>
        element("svg:rect", { x: at, width: 0.92 * length, y: high - pitch, height: 1 })));
    state.show(states[reader][0]);
    const beats = counter >= 0 ? states[counter][0] : null;
    count.textContent = `${notes.length} notes, ${lines.length} bars`
      + (beats ? `; ${Math.max(0, beats[0] - beats[1]).toFixed(1)} eighths left in this one` : "");
  }

  begin();
};
