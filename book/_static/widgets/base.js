// What the book's pictures share: mounting, controls, charts that fit their width, and a little arithmetic.
// Plain scripts, not modules: a browser refuses modules to a page that is opened from a folder, without a server.
"use strict";
window.sernbWidgets ??= (() => {
  const here = document.currentScript.src;
  const EMOTIONS = ["angry", "happy", "neutral", "sad"];
  const calm = matchMedia("(prefers-reduced-motion: reduce)");

  function element(make, name, attributes, children) {
    const made = make(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
      else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== null));
    return made;
  }
  const el = (name, attributes = {}, ...children) =>
    element((tag) => document.createElement(tag), name, attributes, children);
  const svg = (name, attributes = {}, ...children) =>
    element((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag), name, attributes, children);

  // Puts the live picture in the place of the still one in every container of that name, each with data of its own.
  function mount(name, build) {
    const start = () => {
      style();
      for (const box of document.querySelectorAll(`.sernb-widget[data-widget="${name}"]:not([data-live])`)) {
        box.dataset.live = "";
        const live = el("div", { class: "sernb-live", role: "group", "aria-label": box.dataset.title });
        build(live, JSON.parse(box.querySelector('script[type="application/json"]').textContent));
        box.querySelector(".sernb-still").replaceWith(live); // only now: what fails leaves the still picture
      }
    };
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
    else start();
  }

  function style() {
    const address = new URL("widgets.css", here).href;
    if (![...document.styleSheets].some((sheet) => sheet.href === address) && !document.getElementById("sernb-style"))
      document.head.append(el("link", { rel: "stylesheet", href: address, id: "sernb-style" }));
  }

  // A labelled slider; `text` says its value in words, for eyes and for screen readers.
  function slider({ label, min, max, step, value, text = String, change }) {
    const said = el("output", {}, text(value));
    const input = el("input", {
      type: "range",
      min,
      max,
      step,
      value,
      "aria-valuetext": text(value),
      "aria-label": label,
    });
    input.addEventListener("input", () => {
      show();
      change(Number(input.value));
    });
    const show = () => {
      said.textContent = text(Number(input.value));
      input.setAttribute("aria-valuetext", said.textContent);
    };
    const node = el("label", { class: "sernb-slider" }, said, label, input);
    return {
      node,
      input,
      get value() {
        return Number(input.value);
      },
      set value(now) {
        input.value = now;
        show();
      },
    };
  }

  const button = (label, press) => el("button", { type: "button", onclick: press }, label);

  // Several copies of a picture stand on one page: names of radio groups must differ.
  let groups = 0;
  function choice(legend, options, value, change) {
    const name = `sernb-choice-${groups++}`;
    const inputs = Object.entries(options).map(([key, label]) =>
      el(
        "label",
        {},
        el("input", { type: "radio", name, value: key, checked: key === value, onchange: () => change(key) }),
        label,
      ),
    );
    return el("fieldset", {}, el("legend", {}, legend), ...inputs);
  }

  function select(label, options, value, change) {
    const list = el(
      "select",
      { "aria-label": label, onchange: () => change(list.value) },
      ...Object.entries(options).map(([key, said]) => el("option", { value: key, selected: key === value }, said)),
    );
    return el("label", {}, `${label} `, el("br"), list);
  }

  function check(label, value, change) {
    const box = el("input", { type: "checkbox", checked: value, onchange: () => change(box.checked) });
    return el("label", { class: "sernb-check" }, box, label);
  }

  // Figures in words: seen at once, and spoken when they have come to rest.
  function readout() {
    const seen = el("p", { class: "sernb-readout" });
    const spoken = el("div", { class: "sernb-spoken", role: "status", "aria-live": "polite" });
    let waiting = 0;
    const say = (...parts) => {
      seen.replaceChildren(...parts);
      clearTimeout(waiting);
      waiting = setTimeout(() => (spoken.textContent = seen.textContent), 500);
    };
    return { node: el("div", {}, seen, spoken), say };
  }

  // A drawing as wide as its place; drawn again when that changes, also when a hidden one is shown.
  function chart(label, height, draw) {
    const picture = svg("svg", { role: "img", "aria-label": label });
    const node = el("div", { class: "sernb-chart" }, picture);
    let asked = false;
    const now = () => {
      asked = false;
      const width = Math.floor(node.clientWidth);
      if (!width) return;
      const tall = typeof height === "function" ? height(width) : height;
      for (const [key, value] of Object.entries({ width, height: tall, viewBox: `0 0 ${width} ${tall}` }))
        picture.setAttribute(key, value);
      picture.replaceChildren();
      draw(picture, width, tall);
    };
    const redraw = () => {
      if (!asked) requestAnimationFrame(now);
      asked = true;
    };
    new ResizeObserver(redraw).observe(node);
    return { node, picture, redraw };
  }

  const text = (x, y, said, attributes = {}) => svg("text", { x, y, "font-size": 12, ...attributes }, said);
  const linear = (from, to) => (value) => to[0] + ((value - from[0]) / (from[1] - from[0])) * (to[1] - to[0]);

  // Round numbers within a range, about so many of them.
  function ticks([low, high], count = 5) {
    const rough = (high - low) / count;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 2.5, 5, 10].find((times) => times * power >= rough);
    const found = [];
    for (let at = Math.ceil(low / step - 1e-9); at * step <= high + 1e-9; at++)
      found.push(Number((at * step).toFixed(10)));
    return found;
  }

  // An axis below ("x") or left ("y") of the frame {left, right, top, bottom}; returns the scale.
  function axis(picture, side, range, frame, label, count) {
    const along = side === "x" ? [frame.left, frame.right] : [frame.bottom, frame.top];
    const scale = linear(range, along);
    picture.append(
      svg("path", {
        class: "axis",
        d:
          side === "x"
            ? `M${frame.left} ${frame.bottom}H${frame.right}`
            : `M${frame.left} ${frame.bottom}V${frame.top}`,
      }),
    );
    for (const tick of ticks(range, count)) {
      const at = scale(tick);
      picture.append(
        side === "x"
          ? text(at, frame.bottom + 16, String(tick), { "text-anchor": "middle", class: "quiet" })
          : text(frame.left - 6, at + 4, String(tick), { "text-anchor": "end", class: "quiet" }),
      );
    }
    if (label)
      picture.append(
        side === "x"
          ? text((frame.left + frame.right) / 2, frame.bottom + 32, label, { "text-anchor": "middle" })
          : text(frame.left - 30, frame.top - 8, label),
      );
    return scale;
  }

  // A frame for points in a plane, without ticks; returns the scales of [left, right, bottom, top], across and up.
  function plane(picture, [left, right, bottom, top], frame) {
    const [width, height] = [frame.right - frame.left, frame.bottom - frame.top];
    picture.append(svg("rect", { class: "axis", x: frame.left, y: frame.top, width, height }));
    return [linear([left, right], [frame.left, frame.right]), linear([bottom, top], [frame.bottom, frame.top])];
  }

  const MARKS = {
    circle: (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0`,
    square: (x, y, r) => `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`,
    triangle: (x, y, r) => `M${x} ${y - 1.2 * r}l${1.1 * r} ${2 * r}h${-2.2 * r}z`,
  };

  // A list that says what colours and marks mean.
  function key(entries) {
    return el(
      "ul",
      { class: "sernb-key" },
      ...entries.map(([label, colour, mark = "circle", hollow = false]) => {
        const shape = svg("path", {
          d: MARKS[mark](7, 7, 5),
          fill: hollow ? "none" : colour,
          stroke: colour,
          "stroke-width": 1.5,
        });
        return el("li", {}, svg("svg", { width: 14, height: 14, "aria-hidden": "true" }, shape), label);
      }),
    );
  }

  // Calls `step` at every frame until it returns false. Where motion isn't wanted, all steps are taken at once.
  function player(step, ended) {
    let running = false;
    const frame = () => {
      if (!running) return;
      running = step();
      if (running) requestAnimationFrame(frame);
      else ended();
    };
    return {
      get running() {
        return running;
      },
      start() {
        if (running) return;
        if (calm.matches) {
          while (step()) continue;
          ended();
          return;
        }
        running = true;
        requestAnimationFrame(frame);
      },
      stop() {
        if (running) ended();
        running = false;
      },
    };
  }

  // Uniform numbers from a seed (mulberry32), and normal ones from these.
  function random(seed) {
    let state = seed >>> 0;
    const uniform = () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
    };
    const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    return { uniform, normal, below: (count) => Math.floor(uniform() * count) };
  }

  function bytes(base64) {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  }
  const shorts = (base64) => new Int16Array(bytes(base64).buffer);

  return {
    EMOTIONS,
    MARKS,
    calm,
    el,
    svg,
    mount,
    slider,
    button,
    choice,
    select,
    check,
    readout,
    chart,
    text,
    linear,
    axis,
    plane,
    key,
    player,
    random,
    bytes,
    shorts,
  };
})();
