// Phones hide the bars one scrolls by: what goes on beyond its right edge is marked, until it is scrolled to its end.
document.addEventListener("DOMContentLoaded", () => {
  const mark = (frame) => {
    const beyond = frame.scrollWidth - frame.clientWidth;
    frame.classList.toggle("sernb-wide", beyond > 1);
    frame.classList.toggle("sernb-more", beyond - frame.scrollLeft > 1);
  };
  const sizes = new ResizeObserver((changed) => changed.forEach((one) => mark(one.target)));
  for (const frame of document.querySelectorAll(".sernb-scroll, .pst-scrollable-table-container, .sernb-gallery > div")) {
    sizes.observe(frame);
    frame.addEventListener("scroll", () => mark(frame), { passive: true });
    frame.addEventListener("load", () => mark(frame), true); // a picture's, which don't bubble
  }
});
