// Two things that a style sheet cannot do.
(() => {
  // What is wider than the screen scrolls inside itself. The keyboard can scroll it only if it can be reached.
  const WIDE = "mjx-container, div.math, article pre, .pst-scrollable-table-container, .cell_output .output";
  const reach = () => {
    for (const each of document.querySelectorAll(WIDE)) {
      if (each.scrollWidth > each.clientWidth + 1) each.tabIndex = 0;
      else each.removeAttribute("tabindex");
    }
  };
  const start = () => {
    const formulas = window.MathJax && MathJax.startup && MathJax.startup.promise;
    Promise.resolve(formulas).then(reach);
  };
  // Paper cannot be unfolded: what is folded on the screen is open while a page is printed.
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = [...document.querySelectorAll("article details:not([open])")];
    folded.forEach(each => each.open = true);
  });
  addEventListener("afterprint", () => folded.forEach(each => each.open = false));
  addEventListener("load", start);
  addEventListener("resize", reach);
})();
