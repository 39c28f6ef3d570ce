// Keras and this browser, on the same weights and the same input: how far are they apart?

"use strict";

(globalThis.rnncourse.demos ??= {}).parity = (root, { cases }) => {
  const { Model, unpack } = rnncourse.cells;
  const { element, button } = rnncourse.page;

  /** The rows of an array of shape (cases, time, features), as lists of vectors. */
  function sequences(packed) {
    const numbers = unpack(packed);
    const [count, time, size] = packed.shape;
    const at = (s, t) => numbers.subarray((s * time + t) * size, (s * time + t + 1) * size);
    return Array.from({ length: count }, (_, s) => Array.from({ length: time }, (_, t) => at(s, t)));
  }

  function compare({ layers, inputs, outputs }) {
    const model = new Model(layers);
    const given = sequences(inputs);
    given.forEach((xs) => model.run(xs)); // a browser warms up: it compiles what it runs often
    const begun = performance.now();
    let [said, steps, seconds] = [null, 0, 0];
    do { // once is too quick for a browser's clock
      said = given.map((xs) => model.run(xs));
      steps += given.length * given[0].length;
      seconds = (performance.now() - begun) / 1000;
    } while (seconds < 0.02);
    let largest = 0;
    sequences(outputs).forEach((ys, s) => ys.forEach((y, t) => y.forEach((value, k) => {
      largest = Math.max(largest, Math.abs(value - said[s][t][k]));
    })));
    return { largest, rate: steps / seconds };
  }

  const body = element("tbody", {});
  const table = element("table", {},
    element("thead", {}, element("tr", {}, ...["layers", "largest difference", "steps a second"]
      .map((name) => element("th", { scope: "col" }, name)))), body);
  root.append(element("div", { class: "parity-table", tabindex: 0, role: "region", "aria-label": "Keras and this browser" }, table),
    element("div", { class: "live-row" }, button("Compare again", show)),
    element("p", { class: "live-unseen", role: "status" }));

  function show() {
    body.replaceChildren(...cases.map((one) => {
      const { largest, rate } = compare(one);
      return element("tr", {}, element("th", { scope: "row" }, one.name),
        element("td", {}, largest.toExponential(1)), element("td", {}, Math.round(rate).toLocaleString("en")));
    }));
    root.querySelector("[role=status]").textContent = "compared";
  }

  show();
};
