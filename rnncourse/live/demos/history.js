// Hopfield's network: spoil a picture and let the units find it again, one at a time.

"use strict";

(globalThis.rnncourse.demos ??= {}).history = (root, { patterns, names, stored }) => {
  const { Hopfield } = rnncourse.cells;
  const { element, button, title, slider, strip, bars, announcer, clock, place, reducedMotion } = rnncourse.page;
  const units = patterns[0].length;
  const side = Math.round(Math.sqrt(units));

  const keeps = names.map((_, k) => stored.includes(k)); // which patterns are stored
  let state = Float32Array.from(patterns[stored[0]]);
  let queue = []; // units that still have their turn in this sweep
  let moved = 0; // flips in this sweep
  let energies = [];

  const learn = () => new Hopfield(patterns.filter((_, k) => keeps[k]), units);
  let network = learn();
  const overlap = (pattern) => pattern.reduce((sum, value, i) => sum + value * state[i], 0) / units;

  // ---- what the page shows
  const canvas = strip({ label: "", colours: ["paper", "state"] });
  const cell = element("div", { class: "history-cell" });
  const pad = element("div", {
    class: "history-pad", tabindex: 0, role: "application",
    "aria-label": `the state, ${side} by ${side} units: draw with the pointer, or move with the arrow keys `
      + "and flip a unit with the space bar",
  }, canvas.element, cell);
  const alike = bars(names, "overlap with each picture");
  const curve = element("svg:polyline", { class: "history-energy" });
  const valley = element("svg:svg", { viewBox: "0 0 100 40", preserveAspectRatio: "none", role: "img",
    "aria-label": "the energy along the recall: it never rises" }, curve);
  const height = title("");
  const said = element("p", { class: "history-said" });
  const spoken = announcer();
  const noise = slider({ label: "noise", min: 0, max: 50, step: 5, value: 25, read: (v) => `${v}\u00a0%`, change() {} });
  const runner = clock(some, 40);

  const shelf = element("ul", { class: "history-shelf", "aria-label": "the pictures" },
    ...patterns.map((pattern, k) => {
      const small = strip({ label: "", colours: ["paper", "state"] });
      small.show(Float32Array.from(pattern), side);
      const take = button("", () => set(pattern), { "aria-label": `start from ${names[k]}` });
      take.append(small.element);
      const box = element("input", { type: "checkbox", "aria-label": `${names[k]} is stored`,
        onchange: (event) => store(k, event.target.checked) });
      box.checked = keeps[k];
      return element("li", {}, take, element("label", {}, box, ` ${names[k]}`));
    }));

  root.append(
    element("p", { class: "live-lead" },
      "Take a picture, spoil it, and let the network recall. Tick more pictures to store, and see when it mixes them up."),
    shelf,
    element("div", { class: "history-middle" },
      element("div", { class: "history-left" }, pad),
      element("div", { class: "history-right" },
        noise.element,
        element("div", { class: "live-row" }, button("Add noise", spoil), button("Erase half", erase),
          button("Turn over", turnOver),
          button("Recall", recall, { class: "live-main" })),
        said, title("overlap with each picture"), alike.element, height, valley)),
    spoken.element);

  // ---- what the reader does
  function change(how) {
    runner.stop();
    [queue, moved] = [[], 0];
    how();
    energies = [network.energy(state)];
    said.textContent = "";
    show();
  }

  function set(pattern) {
    change(() => state.set(pattern));
  }

  function spoil() {
    change(() => state.forEach((value, i) => {
      if (100 * Math.random() < noise.value) state[i] = -value;
    }));
  }

  function erase() {
    change(() => state.fill(-1, Math.floor(side / 2) * side));
  }

  function turnOver() {
    change(() => state.forEach((value, i) => (state[i] = -value)));
  }

  function store(k, on) {
    change(() => {
      keeps[k] = on;
      network = learn();
    });
    const count = keeps.filter(Boolean).length;
    said.textContent = `${count} stored: ${(count / units).toFixed(3)} for each unit.`;
  }

  function recall() {
    change(() => {});
    if (reducedMotion()) while (some());
    else runner.start();
  }

  /** Eight units have their turn; false when a whole sweep has changed nothing. */
  function some() {
    for (let k = 0; k < 8; k++) {
      if (!queue.length) {
        if (energies.length > 1 && !moved) return rest();
        queue = shuffled();
        moved = 0;
      }
      if (network.update(state, queue.pop())) moved++;
      if (k === 7) energies.push(network.energy(state));
    }
    show();
    return true;
  }

  function rest() {
    const best = patterns.map((pattern, k) => [overlap(pattern), k]).sort((a, b) => Math.abs(b[0]) - Math.abs(a[0]))[0];
    const whole = Math.abs(best[0]) === 1;
    said.textContent = "At rest: "
      + (whole ? `this is ${best[0] < 0 ? "the negative of " : ""}${names[best[1]]}.`
        : `nearest to ${names[best[1]]}, overlap ${best[0].toFixed(2)}.`);
    spoken.say(said.textContent);
    show();
    return false;
  }

  function shuffled() {
    const order = [...state.keys()];
    for (let i = order.length - 1; i > 0; i--) {
      const j = Math.floor(Math.random() * (i + 1));
      [order[i], order[j]] = [order[j], order[i]];
    }
    return order;
  }

  let brush = 0; // what the pointer paints with
  let at = [Math.floor(side / 2), Math.floor(side / 2)];
  const under = (event) => place(event, pad).map((share) => Math.min(side - 1, Math.floor(share * side)));
  const paint = ([x, y]) => change(() => {
    at = [x, y];
    state[y * side + x] = brush;
  });
  pad.addEventListener("pointerdown", (event) => {
    pad.setPointerCapture(event.pointerId);
    const [x, y] = under(event);
    brush = -state[y * side + x];
    paint([x, y]);
  });
  pad.addEventListener("pointermove", (event) => brush && paint(under(event)));
  for (const end of ["pointerup", "pointercancel"]) pad.addEventListener(end, () => (brush = 0));
  pad.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (by) at = at.map((value, k) => Math.min(side - 1, Math.max(0, value + by[k])));
    else if (event.key === " ") change(() => (state[at[1] * side + at[0]] *= -1));
    else return;
    event.preventDefault();
    show();
  });

  // ---- from the numbers to the page
  function show() {
    canvas.show(state, side);
    cell.style.insetInlineStart = `${(100 * at[0]) / side}%`;
    cell.style.insetBlockStart = `${(100 * at[1]) / side}%`;
    cell.style.inlineSize = `${100 / side}%`;
    alike.show(patterns.map(overlap), true);
    height.textContent = `energy: ${energies.at(-1).toFixed(1).replace("-", "\u2212")}`;
    const [low, high] = [Math.min(...energies), Math.max(...energies)];
    const level = (value) => 38 - 36 * (high > low ? (value - low) / (high - low) : 0);
    const last = Math.max(1, energies.length - 1);
    curve.setAttribute("points", energies.map((value, k) => `${(100 * k) / last},${level(value)}`).join(" "));
  }

  set(patterns[stored[0]]);
  spoil();
};
