// What the demos share: elements, controls, coloured strips of numbers, and the theme.
//
// Whatever a reader types becomes text and never markup: `element` knows text nodes only.

"use strict";

(globalThis.rnncourse ??= {}).page = (() => {
  /** Make an element: attributes by name, `on...` for listeners; children are elements or text. */
  function element(tag, attributes = {}, ...children) {
    const made = tag.startsWith("svg:")
      ? document.createElementNS("http://www.w3.org/2000/svg", tag.slice(4))
      : document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value !== false) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children);
    return made;
  }

  const button = (text, onclick, attributes = {}) =>
    element("button", { type: "button", onclick, ...attributes }, text);

  /** What stands above a part of a demo; no heading, for the page has an outline of its own. */
  const title = (text) => element("p", { class: "live-title" }, text);

  /** A labelled slider that shows its value; `read` makes text of a number. */
  function slider({ label, min, max, step = 1, value, read = String, change }) {
    const shown = element("output", {}, read(value));
    const input = element("input", { type: "range", "aria-label": label, min, max, step, value });
    const update = () => {
      shown.textContent = read(Number(input.value));
      input.setAttribute("aria-valuetext", shown.textContent);
    };
    input.addEventListener("input", () => {
      update();
      change(Number(input.value));
    });
    update();
    const whole = element("label", { class: "live-slider" }, element("span", {}, label), input, shown);
    return {
      element: whole,
      get value() { return Number(input.value); },
      set value(number) {
        input.value = number;
        update();
      },
    };
  }

  /** A line that screen readers speak when it has stood for a moment. */
  function announcer() {
    const line = element("p", { class: "live-unseen", role: "status" });
    let waiting;
    const say = (text) => {
      clearTimeout(waiting);
      waiting = setTimeout(() => (line.textContent = text), 400);
    };
    return { element: line, say };
  }

  const stillness = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");
  const reducedMotion = () => Boolean(stillness?.matches);

  /** Call `tick` every so many milliseconds until it returns false. */
  function clock(tick, milliseconds, changed = () => {}) {
    let running = null;
    const stop = () => {
      clearInterval(running);
      if (running !== null) {
        running = null;
        changed(false);
      }
    };
    const start = () => {
      if (running !== null) return;
      running = setInterval(() => tick() === false && stop(), milliseconds);
      changed(true);
    };
    return { start, stop, get running() { return running !== null; } };
  }

  /** Red, green and blue of a colour that the style sheet gives a name, `--live-state` and so on. */
  function colour(canvas, name) {
    canvas.style.color = `var(--live-${name})`;
    return getComputedStyle(canvas).color.match(/\d+/g).slice(0, 3).map(Number);
  }

  /** What to do whenever the page changes between light and dark. */
  const themed = new Set();
  const onTheme = (draw) => themed.add(draw);

  /** A strip of numbers, a small square each: `colours` for those below and above zero, the stronger
   *  the further from it; `limit` has full strength. */
  function strip({ label, colours = ["input", "state"], limit = 1 }) {
    const spoken = label ? { role: "img", "aria-label": label } : { "aria-hidden": "true" };
    const canvas = element("canvas", { class: "live-strip", ...spoken });
    let shown = null;
    const draw = () => {
      if (!shown || !canvas.isConnected) return;
      const { values, columns } = shown;
      const rows = values.length / columns;
      if (canvas.width !== columns || canvas.height !== rows) {
        Object.assign(canvas, { width: columns, height: rows });
      }
      const [below, above] = colours.map((name) => colour(canvas, name));
      const context = canvas.getContext("2d");
      const image = context.createImageData(columns, rows);
      for (let i = 0; i < values.length; i++) {
        const strength = Math.min(1, Math.abs(values[i]) / limit) || 0;
        image.data.set([...(values[i] < 0 ? below : above), Math.round(255 * strength)], 4 * i);
      }
      context.putImageData(image, 0, 0);
    };
    onTheme(draw);
    let asked;
    const show = (values, columns = values.length) => {
      shown = { values, columns };
      cancelAnimationFrame(asked); // several changes before the next picture make one drawing
      asked = requestAnimationFrame(draw);
    };
    return { element: canvas, show };
  }

  /** A row of bars with a name each, for probabilities. */
  function bars(names, label) {
    const made = names.map((name) => {
      const fill = element("span", { class: "live-fill" });
      const share = element("span", { class: "live-share" });
      const row = element(
        "li", {}, element("span", { class: "live-name" }, name),
        element("span", { class: "live-bar" }, fill), share);
      return { row, fill, share };
    });
    const list = element("ul", { class: "live-bars", "aria-label": label }, ...made.map((m) => m.row));
    /** Shares of one; or, if `signed`, numbers from -1 to 1. */
    const show = (values, signed = false) => {
      const best = values.indexOf(Math.max(...values));
      made.forEach(({ row, fill, share }, k) => {
        fill.style.inlineSize = `${100 * Math.abs(values[k])}%`;
        fill.classList.toggle("live-below", values[k] < 0);
        share.textContent = signed ? values[k].toFixed(2).replace("-", "\u2212") : percent(values[k]);
        row.classList.toggle("live-best", k === best);
      });
    };
    return { element: list, show };
  }

  const percent = (share) => `${Math.round(100 * share)}\u00a0%`;

  /** Where in an element a pointer is, from 0 to 1 across and down. */
  function place(event, within) {
    const box = within.getBoundingClientRect();
    const between = (value) => Math.min(1, Math.max(0, value));
    return [
      between((event.clientX - box.left) / box.width),
      between((event.clientY - box.top) / box.height),
    ];
  }

  /** Draw a number with the given probabilities. */
  function draw(probabilities, random) {
    let left = random();
    for (let k = 0; k < probabilities.length; k++) {
      left -= probabilities[k];
      if (left < 0) return k;
    }
    return probabilities.indexOf(Math.max(...probabilities)); // rounding left a little over
  }

  /** Start every demo on the page that has not begun; one that cannot says so, and stops no other. */
  function begin() {
    for (const root of document.querySelectorAll("[data-live]:not([data-begun])")) {
      const demo = globalThis.rnncourse.demos?.[root.dataset.live];
      if (!demo) continue;
      root.dataset.begun = "";
      try {
        const data = JSON.parse(root.querySelector("script").textContent);
        root.replaceChildren();
        demo(root, data);
      } catch (error) {
        console.error(error);
        root.replaceChildren(element("p", {}, `This demo cannot be shown: ${error.message}.`));
      }
    }
  }

  /** Watch the theme, of the book and of JupyterLab, and start what is there. */
  function ready() {
    const changed = new MutationObserver(() => themed.forEach((again) => again()));
    changed.observe(document.documentElement, { attributeFilter: ["data-theme"] });
    changed.observe(document.body, { attributeFilter: ["data-jp-theme-light"] });
    begin();
  }

  // The book's pages load these scripts before they are complete, JupyterLab long after.
  if (document.readyState === "complete") ready();
  else document.addEventListener("DOMContentLoaded", ready);

  return {
    element, button, title, slider, announcer, reducedMotion, clock, onTheme, strip, bars, percent, place,
    draw, begin,
  };
})();
