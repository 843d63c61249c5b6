// One switch for all outputs that depend on the language. The choice is kept for every page, and a link can carry it:
// page.html?lang=de. The build lays an output out once per language (see sernb/book/merge.py).
(() => {
  const KEY = "sernb-language";
  const style = document.head.appendChild(document.createElement("style"));
  const parts = (language) =>
    [...document.querySelectorAll(".sernb-language")].filter((part) => !language || part.dataset.lang === language);

  // Where a browser keeps nothing for pages (private windows, some files opened from a disk) the choice holds for one.
  function stored(value) {
    try {
      if (value) localStorage.setItem(KEY, value);
      return localStorage.getItem(KEY);
    } catch {
      return null;
    }
  }

  // By a rule, so that it holds before the page is read to its end, and hidden pictures are never loaded.
  function hideOthers(language) {
    style.textContent =
      `.sernb-language:not([data-lang="${language}"]) { display: none; } .sernb-language > summary { display: none; }`;
  }

  // Links in the text name what stands in the first language; in another one it has an id of its own.
  function reveal() {
    const name = decodeURIComponent(location.hash.slice(1));
    const target = name && document.getElementById(name);
    const hidden = target && target.closest(".sernb-language");
    if (!hidden) return;
    const base = name.replace(new RegExp(`-${hidden.dataset.lang}$`), "");
    const shown = [name, base, `${base}-${chosen}`].map((id) => document.getElementById(id))
      .find((one) => one && one.closest(".sernb-language")?.dataset.lang === chosen);
    (shown || hidden.parentElement).scrollIntoView();
  }

  function choose(language) {
    // What is read stays where it is on the screen, however long the outputs above it are.
    const read = [...document.querySelectorAll(".bd-article section > *")].find(
      (one) => !one.querySelector(".sernb-languages") && one.getBoundingClientRect().top >= 0);
    const before = read?.getBoundingClientRect().top;
    chosen = stored(language) || language;
    hideOthers(chosen);
    const address = new URL(location.href);
    address.searchParams.set("lang", chosen);
    history.replaceState(history.state, "", address);
    if (read) window.scrollBy({ top: read.getBoundingClientRect().top - before, behavior: "instant" });
  }

  function addSwitch(names) {
    const bar = document.querySelector(".bd-header-article .header-article-items");
    const group = document.createElement("div");
    group.className = "sernb-switch";
    group.setAttribute("role", "radiogroup");
    group.setAttribute("aria-labelledby", "sernb-switch-label");
    group.innerHTML = '<span id="sernb-switch-label">Outputs in</span>';
    for (const [language, name] of names) {
      const label = group.appendChild(document.createElement("label"));
      const button = label.appendChild(document.createElement("input"));
      Object.assign(button, { type: "radio", name: KEY, value: language, checked: language === chosen });
      button.addEventListener("change", () => choose(language));
      label.append(Object.assign(document.createElement("span"), { textContent: name }));
    }
    bar.insertBefore(group, bar.lastElementChild);
  }

  const asked = new URLSearchParams(location.search).get("lang");
  let chosen = asked || stored();
  if (/^[a-z]{2,3}$/.test(chosen)) hideOthers(chosen);

  document.addEventListener("DOMContentLoaded", () => {
    const names = new Map(parts().map((part) => [part.dataset.lang, part.dataset.name]));
    if (!names.size) return;
    if (!names.has(chosen)) chosen = names.keys().next().value;
    else if (asked) stored(asked);
    hideOthers(chosen);
    for (const part of parts()) part.open = true;
    document.documentElement.classList.add("sernb-one-language");
    addSwitch(names);
    reveal();
    window.addEventListener("hashchange", reveal);
  });
})();
