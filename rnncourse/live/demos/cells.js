// An LSTM that adds the two marked numbers of a sequence, step by step and gate by gate.

"use strict";

(globalThis.rnncourse.demos ??= {}).cells = (root, { layers, numbers, marks }) => {
  const { Model } = rnncourse.cells;
  const { element, button, title, slider, strip, announcer, clock, place, reducedMotion } = rnncourse.page;
  const model = new Model(layers);
  const steps = numbers.length;
  const ROWS = 8;
  const bracketed = (value) => (value < 0 ? `(${fixed(value)})` : fixed(value));
  const fixed = (value) => value.toFixed(2).replace("-", "\u2212");

  // ---- the network: everything it does with this sequence, at every step
  let trace = [];

  function read() {
    let states = model.start();
    trace = numbers.map((number, t) => {
      const before = states[0];
      const after = model.step(Float32Array.of(number, marks.includes(t) ? 1 : 0), states);
      states = after.states;
      return { before, after: states[0], gates: after.gates[0], answer: after.output[0] };
    });
  }

  /** Units whose memory the marks move most. */
  function busiest() {
    const moved = Array.from(trace[0].after[1], (_, unit) => ({
      unit,
      by: marks.reduce((sum, t) => sum + Math.abs(trace[t].after[1][unit] - trace[t].before[1][unit]), 0),
    }));
    return moved.sort((a, b) => b.by - a.by).slice(0, ROWS).map(({ unit }) => unit);
  }

  read();
  const rows = busiest();
  let now = Math.min(...marks);
  let stage = 0; // how many of the six values of this step are shown
  let unit = rows[0];

  // ---- what the page shows
  const height = 46;
  const bars = numbers.map((number, t) =>
    element("svg:rect", { x: t + 0.1, width: 0.8, y: height * (1 - number), height: height * number }));
  const sequence = element(
    "svg:svg",
    { viewBox: `0 0 ${steps} ${height}`, preserveAspectRatio: "none", class: "cells-sequence",
      role: "img", "aria-label": `${steps} numbers between 0 and 1, two of them marked` },
    ...bars);

  const strips = {
    input: strip({ label: "input gate of eight units over the steps", colours: ["gate-input", "gate-input"] }),
    forget: strip({ label: "forget gate of eight units over the steps", colours: ["gate-forget", "gate-forget"] }),
    output: strip({ label: "output gate of eight units over the steps", colours: ["gate-output", "gate-output"] }),
    memory: strip({ label: "memory of eight units over the steps", limit: 2 }),
  };
  const names = { input: "input gate", forget: "forget gate", output: "output gate", memory: "memory" };
  const answerLine = element("svg:polyline", { class: "cells-answer" });
  const truthLine = element("svg:line", { class: "cells-truth", x1: 0, x2: steps });
  const curve = element(
    "svg:svg",
    { viewBox: `0 0 ${steps} ${height}`, preserveAspectRatio: "none", class: "cells-curve",
      role: "img", "aria-label": "the answer the network would give after each step, and the true sum" },
    truthLine, answerLine);

  const cursor = element("div", { class: "cells-cursor" });
  const plots = element(
    "div", { class: "cells-plots" },
    title("the sequence: click where a mark should go"), sequence,
    ...Object.entries(strips).flatMap(([name, { element: canvas }]) =>
      [title(names[name]), canvas]),
    title("the answer, if it were asked now"), curve,
    cursor);

  const [first, second] = [0, 1].map((k) =>
    slider({
      label: `mark ${k + 1} at step`, min: 0, max: steps - 1, value: marks[k],
      change: (t) => mark(k, t),
    }));
  const where = slider({
    label: "look at step", min: 0, max: steps - 1, value: now,
    change: (t) => { player.stop(); look(t, 6); },
  });
  const chosen = element("select", {
    "aria-label": "unit", onchange: (event) => { unit = Number(event.target.value); show(); },
  });
  chosen.append(...rows.map((k) => element("option", { value: k }, `unit ${k}`)));

  const STAGES = [
    { name: "input", title: "input gate", text: "lets in" },
    { name: "forget", title: "forget gate", text: "keeps" },
    { name: "candidate", title: "candidate", text: "what could be written" },
    { name: "memory", title: "memory", text: "" },
    { name: "output", title: "output gate", text: "shows" },
    { name: "shown", title: "output", text: "" },
  ];
  const cards = STAGES.map(({ name, title }) => {
    const value = element("strong", {});
    const fill = element("span", {});
    const sum = element("small", {});
    const gauge = element("span", { class: "cells-gauge" }, fill);
    const card = element("li", { class: `cells-stage cells-${name}` },
      element("span", {}, title), value, gauge, sum);
    return { card, value, fill, sum };
  });
  const reading = element("p", { class: "cells-reading" });
  const verdict = element("p", { class: "cells-verdict" });
  const spoken = announcer();
  const play = button("Play", () => (player.running ? player.stop() : player.start()));
  const player = clock(
    () => {
      if (now === steps - 1) return false;
      look(now + 1, 6);
    }, 120, (running) => (play.textContent = running ? "Stop" : "Play"));

  root.append(
    element("p", { class: "live-lead" },
      "The network reads a hundred numbers and must say the sum of the two marked ones. "
      + "Move the marks, then follow one unit through a step."),
    element("div", { class: "live-row" }, first.element, second.element),
    plots, verdict,
    element("div", { class: "live-row" },
      button("Next gate", nextGate, { class: "live-main" }),
      button("Next step", () => { player.stop(); look(Math.min(now + 1, steps - 1), 6); }),
      play, chosen),
    where.element, reading,
    element("ol", { class: "cells-stages" }, ...cards.map(({ card }) => card)),
    spoken.element);

  // ---- what the reader does
  function mark(k, t) {
    if (t === marks[1 - k]) t += t + 1 < steps ? 1 : -1; // two marks on one step would be one
    marks[k] = t;
    [first, second][k].value = t;
    read();
    show();
  }

  function look(t, stages) {
    now = t;
    stage = stages;
    show();
  }

  function nextGate() {
    player.stop();
    if (stage < 6) look(now, stage + 1);
    else look((now + 1) % steps, 1);
    const { value, sum } = cards[stage - 1];
    spoken.say(`step ${now}, ${STAGES[stage - 1].title} ${value.textContent}. ${sum.textContent}`);
  }

  sequence.addEventListener("pointerdown", (event) => {
    const t = Math.min(steps - 1, Math.floor(place(event, sequence)[0] * steps));
    mark(Math.abs(marks[0] - t) <= Math.abs(marks[1] - t) ? 0 : 1, t);
  });
  for (const { element: canvas } of Object.values(strips)) {
    canvas.addEventListener("pointerdown", (event) => {
      const [x, y] = place(event, canvas);
      unit = rows[Math.min(ROWS - 1, Math.floor(y * rows.length))];
      player.stop();
      look(Math.min(steps - 1, Math.floor(x * steps)), 6);
    });
  }

  // ---- from the trace to the page
  function show() {
    bars.forEach((bar, t) => bar.classList.toggle("cells-marked", marks.includes(t)));
    const over = (pick) => rows.flatMap((k) => trace.map((moment) => pick(moment)[k]));
    for (const gate of ["input", "forget", "output"]) {
      strips[gate].show(over((moment) => moment.gates[gate]), steps);
    }
    strips.memory.show(over((moment) => moment.after[1]), steps);

    const truth = numbers[marks[0]] + numbers[marks[1]];
    const level = (value) => height * (1 - (value + 0.2) / 2.4);
    answerLine.setAttribute("points", trace.map(({ answer }, t) => `${t + 0.5},${level(answer)}`).join(" "));
    truthLine.setAttribute("y1", level(truth));
    truthLine.setAttribute("y2", level(truth));
    verdict.textContent = `In the end it says ${fixed(trace.at(-1).answer)}. `
      + `The sum is ${fixed(numbers[marks[0]])} + ${fixed(numbers[marks[1]])} = ${fixed(truth)}.`;

    cursor.style.insetInlineStart = `${(100 * (now + 0.5)) / steps}%`;
    where.value = now;
    chosen.value = unit;
    showStep();
  }

  function showStep() {
    const { before, after, gates } = trace[now];
    const [c, next] = [before[1][unit], after[1][unit]];
    const i = gates.input[unit], f = gates.forget[unit], o = gates.output[unit];
    const candidate = gates.candidate[unit], shown = after[0][unit];
    reading.textContent = `Step ${now} reads ${fixed(numbers[now])}`
      + `${marks.includes(now) ? ", marked" : ", not marked"}. `
      + `Unit ${unit} remembers ${fixed(c)}.`;
    const stages = [
      [i, `lets in ${Math.round(100 * i)} %`],
      [f, `keeps ${Math.round(100 * f)} %`],
      [candidate, "what could be written"],
      [next, `${fixed(f)} · ${bracketed(c)} + ${fixed(i)} · ${bracketed(candidate)}`],
      [o, `shows ${Math.round(100 * o)} %`],
      [shown, `${fixed(o)} · tanh(${fixed(next)})`],
    ];
    cards.forEach(({ card, value, fill, sum }, k) => {
      const known = k < stage;
      const [number, text] = stages[k];
      card.classList.toggle("cells-hidden", !known);
      card.classList.toggle("cells-now", k === stage - 1);
      value.textContent = known ? fixed(number) : "?";
      sum.textContent = known ? text : "";
      const size = Math.min(1, Math.abs(number) / (k === 3 ? 3 : 1)); // a memory may go beyond 1
      const signed = k === 2 || k === 3 || k === 5; // these go from -1 to 1, gates from 0 to 1
      fill.style.insetInlineStart = `${signed ? 50 - (number < 0 ? 50 * size : 0) : 0}%`;
      fill.style.inlineSize = known ? `${(signed ? 50 : 100) * size}%` : "0";
    });
  }

  look(now, reducedMotion() ? 6 : 1);
};
