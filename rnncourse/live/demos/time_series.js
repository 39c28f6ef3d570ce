// Draw the beginning of a curve; the network goes on from there, a value at a time.

"use strict";

(globalThis.rnncourse.demos ??= {}).time_series = (root, { layers, beginnings, limit, steps }) => {
  const { Model } = rnncourse.cells;
  const { element, button, title, strip, announcer, clock, place, reducedMotion } = rnncourse.page;
  const model = new Model(layers);
  const length = beginnings[0].values.length; // how many values the network is shown at once
  const units = model.layers[0].units;
  const [WIDTH, HEIGHT] = [600, 220];

  let begun = [...beginnings[0].values];
  let curve = [];
  let memory = [];
  let at = length - 1; // the step that the keyboard moves

  // ---- the network
  /** It reads the last values from an empty memory, and says the next. */
  function next() {
    let states = model.start();
    let output;
    for (const value of curve.slice(-length)) {
      ({ output, states } = model.step(Float32Array.of(value), states));
    }
    memory.push(states[0][0]);
    curve.push(Math.fround(output[0]));
  }

  // ---- what the page shows
  const x = (t) => (WIDTH * t) / (length + steps - 1);
  const y = (value) => HEIGHT / 2 - (value / limit) * (HEIGHT / 2 - 6);
  const line = element("svg:polyline", { class: "series-given" });
  const onward = element("svg:polyline", { class: "series-onward" });
  const border = element("svg:line", { class: "series-border", x1: x(length - 0.5), x2: x(length - 0.5), y1: 0, y2: HEIGHT });
  const zero = element("svg:line", { class: "series-zero", x1: 0, x2: WIDTH, y1: y(0), y2: y(0) });
  const dot = element("svg:circle", { class: "series-dot", r: 6 });
  const pad = element(
    "svg:svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", class: "series-pad", tabindex: 0, role: "application",
      "aria-label": `the first ${length} values: draw them with the pointer, or choose one with the left and right `
        + "arrow keys and move it with up and down" },
    zero, border, line, onward, dot);
  const state = strip({ label: `the ${units} outputs of the recurrent layer at each step`, limit: 4 });
  state.element.classList.add("series-state");
  const reading = element("p", { class: "series-reading" });
  const spoken = announcer();
  const runner = clock(advance, 30);

  root.append(
    element("p", { class: "live-lead" },
      `Draw the first ${length} values, left of the dotted line. The network goes on from there, each value its own forecast.`),
    element("div", { class: "live-row" }, ...beginnings.map(({ name, values }) =>
      button(name, () => begin(values)))),
    pad, reading,
    element("div", { class: "live-row" }, button("Continue", proceed, { class: "live-main" }),
      button("Next value", () => { runner.stop(); advance(); })),
    title("the recurrent layer"), state.element, spoken.element);

  // ---- what the reader does
  function begin(values) {
    begun = [...values];
    proceed();
  }

  function reset() {
    runner.stop();
    curve = begun.map(Math.fround);
    memory = [];
  }

  function proceed() {
    reset();
    show();
    if (reducedMotion()) while (advance());
    else runner.start();
  }

  function advance() {
    if (curve.length >= length + steps) return false;
    next();
    show();
    if (curve.length < length + steps) return true;
    const made = curve.slice(length);
    spoken.say(`It went on for ${steps} values, from ${Math.min(...made).toFixed(1)} to ${Math.max(...made).toFixed(1)}.`);
    return false;
  }

  let drawing = null; // the step that the pointer was at
  function put(event) {
    const [across, down] = place(event, pad);
    const t = Math.min(length - 1, Math.round(across * (length + steps - 1)));
    const value = limit * (1 - 2 * down);
    const from = drawing ?? t;
    const old = begun[from];
    for (let k = Math.min(from, t); k <= Math.max(from, t); k++) {
      begun[k] = from === t ? value : old + ((value - old) * (k - from)) / (t - from);
    }
    [at, drawing] = [t, t];
    reset();
    show();
  }
  pad.addEventListener("pointerdown", (event) => {
    pad.setPointerCapture(event.pointerId);
    put(event);
  });
  pad.addEventListener("pointermove", (event) => drawing !== null && put(event));
  for (const end of ["pointerup", "pointercancel"]) {
    pad.addEventListener(end, () => {
      if (drawing !== null) proceed();
      drawing = null;
    });
  }
  pad.addEventListener("keydown", (event) => {
    const sideways = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    const upwards = { ArrowUp: 0.5, ArrowDown: -0.5 }[event.key];
    if (sideways) at = Math.min(length - 1, Math.max(0, at + sideways));
    else if (upwards) {
      begun[at] = Math.min(limit, Math.max(-limit, begun[at] + upwards));
      reset();
    } else if (event.key === "Enter") proceed();
    else return;
    event.preventDefault();
    spoken.say(`value ${at + 1} is ${begun[at].toFixed(1)}`);
    show();
  });

  // ---- from the numbers to the page
  function show() {
    const points = (values, first) => values.map((value, k) => `${x(first + k).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    line.setAttribute("points", points(curve.slice(0, length), 0));
    onward.setAttribute("points", points(curve.slice(length - 1), length - 1));
    dot.setAttribute("cx", x(at));
    dot.setAttribute("cy", y(begun[at]));
    reading.textContent = curve.length > length
      ? `${curve.length - length} values on: ${curve.at(-1).toFixed(2).replace("-", "\u2212")}` : "";
    const columns = steps;
    const squares = new Float32Array(units * columns);
    memory.forEach((moment, t) => moment.forEach((value, k) => (squares[k * columns + t] = value)));
    state.show(squares, columns);
  }

  proceed();
};
