/* Start reveal.js once the formulas are set: it measures slides, and formulas change their size. */
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const start = () =>
  Reveal.initialize({
    width: 1280,
    height: 800,
    margin: 0.05,
    center: false,
    hash: true,
    slideNumber: "c/t",
    transition: calm ? "none" : "slide",
  });
addEventListener("DOMContentLoaded", () => {
  const formulas = window.MathJax && window.MathJax.startup && window.MathJax.startup.promise;
  Promise.resolve(formulas).then(start, start);
});
