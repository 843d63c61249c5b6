// MathJax weighs as much as a page: it is loaded when a formula is seen, or the page is printed, and without its menu.
(() => {
  const base = new URL("mathjax/", document.currentScript.src);
  let asked = false;
  function load() {
    if (asked) return;
    asked = true;
    window.MathJax = { ...window.MathJax, loader: { load: ["core", "input/tex", "output/chtml", "a11y/assistive-mml"] } };
    document.head.append(Object.assign(document.createElement("script"), { src: new URL("startup.js", base) }));
  }
  document.addEventListener("DOMContentLoaded", () => {
    const seen = new IntersectionObserver((formulas) => formulas.some((one) => one.isIntersecting) && load());
    document.querySelectorAll(".math").forEach((formula) => seen.observe(formula));
    window.addEventListener("beforeprint", load);
  });
})();
