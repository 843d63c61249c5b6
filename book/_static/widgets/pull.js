// Pull and push: a network of eight numbers learns from 36 clips, by NT-Xent on speakers or by BYOL, step by step.
"use strict";
{
  const { MARKS, el, svg, mount, slider, button, choice, check, readout, chart, text, axis, key, player } =
    sernbWidgets;
  const { unit, length, forward, ntxent, begin, stepContrastive, stepByol, neighbours, spread } = sernbWidgets.pull;
  const COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9"];
  const SHAPES = ["triangle", "circle", "square"];
  const STEPS = { contrastive: 240, byol: 1200 }; // that "Play" goes on to

  function build(live, data) {
    let method = data.method,
      mixed = true,
      temperature = 0.1,
      predictor = true,
      momentum = 0.9;
    let state, loss, history;
    const inputs = () => (method === "byol" || mixed ? data.mixed : data.single);
    const output = () => inputs().x.map((x) => forward(state.net, x));
    const figures = readout();
    const percent = (share) => `${Math.round(100 * share)} %`;

    const circle = chart(
      "Clips on a circle: colour is the speaker, shape the emotion; only the direction counts.",
      (width) => Math.min(340, width),
      (picture, width, height) => {
        const R = Math.min(width, height) / 2 - 12,
          cx = width / 2,
          cy = height / 2;
        picture.append(svg("circle", { class: "axis", cx, cy, r: R }));
        const z = output();
        const { gradients } = method === "contrastive" ? ntxent(z, data.speaker, temperature) : { gradients: null };
        z.forEach((own, i) => {
          // the distance from the centre means nothing, it keeps points apart
          const u = unit(own),
            r = R * (0.66 + (0.32 * ((i * 7) % 36)) / 35);
          const x = cx + r * u[0],
            y = cy - r * u[1],
            colour = COLOURS[data.speaker[i]];
          if (gradients) {
            const size = R * 0.5 * z.length * temperature * length(own);
            const pull = gradients[i].map((value) => -value * size);
            const fit = Math.min(1, 40 / (Math.hypot(...pull) || 1));
            picture.append(
              svg("path", {
                d: `M${x} ${y}l${pull[0] * fit} ${-pull[1] * fit}`,
                stroke: colour,
                "stroke-width": 1.5,
                opacity: 0.7,
              }),
            );
          }
          picture.append(
            svg("path", {
              d: MARKS[SHAPES[inputs().emotion[i]]](x, y, 5),
              fill: colour,
              stroke: "var(--sernb-paper)",
              "stroke-width": 0.7,
              class: "clip",
            }),
          );
        });
      },
    );
    const LINES = {
      contrastive: [
        ["same speaker", "speaker", "var(--sernb-accent)", ""],
        ["same emotion", "emotion", "var(--angry)", ""],
        ["same emotion, among other speakers' clips", "elsewhere", "var(--angry)", "4 3"],
      ],
      byol: [["spread of directions", "spread", "var(--sernb-accent)", ""]],
    };
    const course = chart("The figures over steps, between 0 and 1.", 190, (picture, width, height) => {
      const frame = { left: 34, right: width - 10, top: 10, bottom: height - 36 };
      const y = axis(picture, "y", [0, 1], frame, "", 4);
      const x = axis(picture, "x", [0, Math.max(40, state.steps)], frame, "steps", 4);
      for (const [, name, colour, dashes] of LINES[method])
        picture.append(
          svg("path", {
            d: "M" + history.map((one) => `${x(one.step)} ${y(one[name])}`).join("L"),
            fill: "none",
            stroke: colour,
            "stroke-width": 2,
            "stroke-dasharray": dashes || null,
          }),
        );
    });
    const keys = el("div");

    const measure = () => {
      const z = output();
      const now = { step: state.steps, spread: spread(z), ...neighbours(z, data.speaker, inputs().emotion) };
      if (history.at(-1)?.step === now.step) history.pop();
      history.push(now);
      if (method === "contrastive") {
        const { loss, nearest } = ntxent(z, data.speaker, temperature);
        figures.say(
          `Step ${state.steps}, loss ${loss.toFixed(2)}. The nearest clip is of the same speaker for `,
          el("b", { "data-figure": "speaker" }, percent(now.speaker)),
          ", of the same emotion for ",
          el("b", { "data-figure": "emotion" }, percent(now.emotion)),
          "; among other speakers' clips, for ",
          el("b", { "data-figure": "elsewhere" }, percent(now.elsewhere)),
          ` (chance: about a third). ${percent(nearest)} of the push on a clip comes from the one nearest clip of `,
          "another speaker.",
        );
      } else {
        figures.say(
          `Step ${state.steps}, loss ${loss === null ? "–" : loss.toFixed(3)}. Spread of directions: `,
          el("b", { "data-figure": "spread" }, now.spread.toFixed(2)),
          now.spread < 0.05
            ? ". Collapsed: every clip gets the same embedding, and the loss has nothing left to learn from."
            : " (1: all over the circle; 0: all clips alike).",
        );
      }
      circle.redraw();
      course.redraw();
    };
    const step = () => {
      loss =
        method === "contrastive"
          ? stepContrastive(state, data, temperature)
          : stepByol(state, data, { predictor, momentum });
    };
    const reset = () => {
      runner.stop();
      state = begin(mixed, method === "byol" ? 0.3 : 0);
      loss = null;
      history = [];
      keys.replaceChildren(
        key([
          ...["angry", "neutral", "sad"].map((emotion, i) => [emotion, "var(--sernb-ink)", SHAPES[i]]),
          ["one colour per speaker", COLOURS[0]],
          ...LINES[method].map(([label, , colour, dashes]) => [`over steps: ${label}`, colour, "square", Boolean(dashes)]),
        ]),
      );
      if (method === "contrastive") keys.append(el("p", {}, "The line at a clip: where the loss pulls it, and how hard."));
      forContrastive.hidden = method !== "contrastive";
      forByol.hidden = method !== "byol";
      measure();
    };
    let frames = 0;
    const runner = player(
      () => {
        if (method === "contrastive" && frames++ % 3) return true; // 20 steps a second, slow enough to follow
        for (let i = 0; i < (method === "byol" ? 5 : 1) && state.steps < STEPS[method]; i++) step();
        measure();
        return state.steps < STEPS[method];
      },
      () => (play.textContent = "Play"),
    );
    const play = button("Play", () => {
      if (runner.running) return runner.stop();
      if (state.steps >= STEPS[method]) reset();
      play.textContent = "Pause";
      runner.start();
    });
    const forContrastive = el(
      "div",
      { class: "sernb-row" },
      choice("Each speaker's clips:", { mixed: "mixed emotions", single: "one emotion" }, "mixed", (now) => {
        mixed = now === "mixed";
        reset();
      }),
      slider({
        label: "Temperature",
        min: -1.3,
        max: 0,
        step: 0.05,
        value: -1,
        text: (value) => (10 ** value).toFixed(2),
        change: (value) => {
          temperature = 10 ** value;
          measure();
        },
      }).node,
    );
    const forByol = el(
      "div",
      { class: "sernb-row" },
      check("predictor", true, (now) => {
        predictor = now;
        reset();
      }),
      slider({
        label: "Momentum of the target network",
        min: 0,
        max: 0.95,
        step: 0.05,
        value: momentum,
        text: (value) => value.toFixed(2),
        change: (value) => {
          momentum = value;
        },
      }).node,
    );
    live.append(
      choice("Method:", { contrastive: "contrastive (NT-Xent on speakers)", byol: "BYOL" }, method, (now) => {
        method = now;
        reset();
      }),
      forContrastive,
      forByol,
      el(
        "div",
        { class: "sernb-row" },
        play,
        button("Step", () => {
          runner.stop();
          step();
          measure();
        }),
        button("Reset", () => reset()),
      ),
      figures.node,
      el("div", { class: "sernb-row" }, circle.node, el("div", { class: "sernb-side" }, course.node)),
      keys,
    );
    reset();
  }

  mount("pull", build);
}
