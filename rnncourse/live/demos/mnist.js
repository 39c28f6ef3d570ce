// Draw a digit and watch the network read it, row by row, from the top.

"use strict";

(globalThis.rnncourse.demos ??= {}).mnist = (root, { layers, examples, probes }) => {
  const { Model, unpack, softmax, affine } = rnncourse.cells;
  const { element, button, title, strip, bars, announcer, clock, place, reducedMotion } = rnncourse.page;
  const SIDE = 28;
  const model = new Model(layers);
  const units = model.layers[0].units;
  const probe = probes && { kernel: unpack(probes.kernel), bias: unpack(probes.bias) };
  const digits = Array.from({ length: 10 }, (_, k) => String(k));

  let strokes = []; // lists of points [x, y] between 0 and 1
  let picture = new Float32Array(SIDE * SIDE); // what the network is given
  let memory = new Float32Array(SIDE * units);
  let opinions = new Float32Array(SIDE * 10);
  let states = model.start();
  let row = 0; // the next to be read

  // ---- the network
  function readRow() {
    const pixels = picture.subarray(row * SIDE, (row + 1) * SIDE);
    const after = model.step(pixels, states);
    states = after.states;
    memory.set(states[0][0], row * units);
    const logits = probe && row < SIDE - 1 ? ask(row, states[0][0]) : after.output;
    opinions.set(softmax(logits), row * 10);
    row++;
  }

  /** What a linear layer of its own reads off the state after this row. */
  function ask(t, state) {
    const size = units * 10;
    const kernel = probe.kernel.subarray(t * size, (t + 1) * size);
    return affine(state, kernel, probe.bias.subarray(t * 10, (t + 1) * 10));
  }

  // ---- from strokes to pixels, as those who made MNIST did: fitted into 20 x 20, by its weight centred
  function rasterise() {
    const points = strokes.flat();
    const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
    const [left, top] = [Math.min(...xs), Math.min(...ys)];
    const size = Math.max(Math.max(...xs) - left, Math.max(...ys) - top, 0.15);
    const scale = 18 / size;
    const draw = (dx, dy) =>
      ink(strokes.map((stroke) => stroke.map(([x, y]) => [(x - left) * scale + dx, (y - top) * scale + dy])));
    const first = draw(5, 5);
    let [sum, x, y] = [0, 0, 0];
    first.forEach((value, k) => {
      sum += value;
      x += value * (k % SIDE);
      y += value * Math.floor(k / SIDE);
    });
    return draw(5 + (SIDE - 1) / 2 - x / sum, 5 + (SIDE - 1) / 2 - y / sum);
  }

  /** Pixels of 28 x 28, dark where the middle is near a line. */
  function ink(lines) {
    const pen = 1.1;
    return Float32Array.from({ length: SIDE * SIDE }, (_, k) => {
      const point = [k % SIDE, Math.floor(k / SIDE)];
      let near = Infinity;
      for (const line of lines) {
        line.forEach((end, i) => (near = Math.min(near, distance(point, line[Math.max(0, i - 1)], end))));
      }
      return Math.min(1, Math.max(0, pen + 0.5 - near));
    });
  }

  /** From a point to the line between two others. */
  function distance([x, y], [ax, ay], [bx, by]) {
    const [dx, dy] = [bx - ax, by - ay];
    const length = dx * dx + dy * dy;
    const along = length ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length)) : 0;
    return Math.hypot(x - ax - along * dx, y - ay - along * dy);
  }

  // ---- what the page shows
  const lines = element("svg:g", {});
  const pen = element("svg:circle", { r: 0.022, class: "mnist-pen" });
  const pad = element(
    "svg:svg",
    { viewBox: "0 0 1 1", class: "mnist-pad", tabindex: 0, role: "application",
      "aria-label": "pad: draw with the pointer, or move the pen with the arrow keys; "
        + "the space bar puts it down and lifts it" },
    lines, pen);
  const given = strip({ label: "the picture as the network is given it", colours: ["ink", "ink"] });
  const thought = strip({ label: "after each row, how probable each digit is", colours: ["output", "output"] });
  const state = strip({ label: `after each row, the ${units} numbers of the state` });
  const chances = bars(digits, "the answer: how probable each digit is");
  const verdict = element("p", { class: "mnist-verdict" });
  const spoken = announcer();
  const line = element("div", { class: "mnist-line" });
  const reader = clock(advance, 55);

  const column = (name, { element: canvas }, kind, below = []) =>
    element("div", { class: `mnist-column mnist-${kind}` }, title(name), canvas, ...below);
  const names = element("div", { class: "mnist-names", "aria-hidden": "true" },
    ...digits.map((digit) => element("span", {}, digit)));
  const samples = element("div", { class: "live-row mnist-samples" }, ...examples.map((packed, k) => {
    const small = strip({ label: "", colours: ["ink", "ink"] });
    small.show(unpack(packed), SIDE);
    const made = button("", () => take(unpack(packed)), { "aria-label": `example ${k + 1}` });
    made.append(small.element);
    return made;
  }));

  root.append(
    element("p", { class: "live-lead" }, "Draw a digit from 0 to 9, or take one from the test pictures."),
    element("div", { class: "mnist-top" },
      element("div", { class: "mnist-draw" }, pad,
        element("div", { class: "live-row" }, button("Clear", clear), button("Read again", start))),
      element("div", { class: "mnist-answer" }, title("the answer"), chances.element, verdict)),
    samples,
    element("div", { class: "mnist-columns" },
      column("row by row", given, "given"), column("opinion", thought, "thought", [names]),
      column("state", state, "state"), line),
    spoken.element);

  // ---- what the reader does
  let drawing = false;
  let where = [0.5, 0.25];
  let down = false; // the pen, when the keyboard moves it

  pad.addEventListener("pointerdown", (event) => {
    pad.setPointerCapture(event.pointerId);
    drawing = true;
    where = place(event, pad);
    stroke([where]);
  });
  pad.addEventListener("pointermove", (event) => {
    if (drawing) draw(place(event, pad));
  });
  for (const end of ["pointerup", "pointercancel"]) {
    pad.addEventListener(end, () => {
      if (drawing) start();
      drawing = false;
    });
  }
  pad.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (by) {
      const inside = (value) => Math.min(0.96, Math.max(0.04, value));
      const to = [inside(where[0] + by[0] / 20), inside(where[1] + by[1] / 20)];
      if (down) draw(to);
      where = to;
      if (down) start();
    } else if (event.key === " ") {
      down = !down;
      if (down) stroke([where]);
      spoken.say(down ? "pen down" : "pen lifted");
    } else return;
    event.preventDefault();
    showPen();
  });

  function stroke(points) {
    if (!strokes.length) picture = new Float32Array(SIDE * SIDE);
    strokes.push(points);
    lines.append(element("svg:polyline", { class: "mnist-stroke" }));
    draw(points[0]);
  }

  function draw(point) {
    strokes.at(-1).push(point);
    lines.lastChild.setAttribute("points", strokes.at(-1).map((p) => p.join()).join(" "));
    where = point;
    showPen();
  }

  function clear() {
    strokes = [];
    lines.replaceChildren();
    picture = new Float32Array(SIDE * SIDE);
    down = false;
    forget();
    show();
  }

  function take(pixels) {
    clear();
    picture = pixels;
    start();
  }

  function start() {
    if (strokes.length) picture = rasterise();
    forget();
    if (!picture.some(Boolean)) return show();
    if (reducedMotion()) while (advance());
    else reader.start();
  }

  function forget() {
    reader.stop();
    row = 0;
    states = model.start();
    memory = new Float32Array(SIDE * units);
    opinions = new Float32Array(SIDE * 10);
  }

  function advance() {
    if (row === SIDE) return false;
    readRow();
    show();
    if (row === SIDE) {
      const answer = [...opinions.subarray(-10)];
      const sure = Math.max(...answer);
      verdict.textContent = `It reads ${answer.indexOf(sure)}`
        + (sure > 0.9 ? "." : sure > 0.5 ? ", and is not sure." : ", and has hardly an idea.");
      spoken.say(verdict.textContent);
    }
    return row < SIDE;
  }

  // ---- from the numbers to the page
  function showPen() {
    pen.setAttribute("cx", where[0]);
    pen.setAttribute("cy", where[1]);
    pen.classList.toggle("mnist-down", down);
  }

  function show() {
    given.show(picture, SIDE);
    thought.show(opinions, 10);
    state.show(memory, units);
    chances.show([...opinions.subarray(10 * Math.max(0, row - 1), 10 * Math.max(1, row))]);
    line.style.insetBlockStart = `calc(1.5rem + (100% - 3rem) * ${row / SIDE})`;
    line.hidden = row === 0 || row === SIDE;
    if (row < SIDE) verdict.textContent = "";
  }

  showPen();
  if (examples.length) take(unpack(examples[0]));
  else show();
};
