// What the glossary says about a word, beside the word: for the pointer and for the keyboard; Escape closes it.
document.addEventListener("DOMContentLoaded", () => {
  const links = document.querySelectorAll("a[data-definition]");
  if (!links.length) return;
  const tip = document.body.appendChild(document.createElement("div"));
  Object.assign(tip, { id: "sernb-term", role: "tooltip", hidden: true });
  let of = null;
  let leaving = 0;

  function show(link) {
    clearTimeout(leaving);
    if (of !== link) hide();
    of = link;
    tip.textContent = link.dataset.definition;
    tip.hidden = false;
    link.setAttribute("aria-describedby", tip.id);
    const word = link.getBoundingClientRect();
    const own = tip.getBoundingClientRect();
    const below = word.bottom + own.height + 8 < window.innerHeight;
    tip.style.left = `${Math.max(8, Math.min(word.left, document.documentElement.clientWidth - own.width - 8))}px`;
    tip.style.top = `${below ? word.bottom + 4 : Math.max(8, word.top - own.height - 4)}px`;
  }

  function hide() {
    clearTimeout(leaving);
    tip.hidden = true;
    of?.removeAttribute("aria-describedby");
    of = null;
  }

  const leave = () => (leaving = setTimeout(hide, 200)); // time to move the pointer onto the explanation
  for (const link of links) {
    link.addEventListener("pointerenter", () => show(link));
    link.addEventListener("focus", () => show(link));
    link.addEventListener("pointerleave", leave);
    link.addEventListener("blur", hide);
  }
  tip.addEventListener("pointerenter", () => clearTimeout(leaving));
  tip.addEventListener("pointerleave", leave);
  document.addEventListener("keydown", (key) => key.key === "Escape" && hide());
  document.addEventListener("scroll", hide, { passive: true });
});
