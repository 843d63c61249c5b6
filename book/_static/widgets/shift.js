// The shift: from English statistics to a language's own, what becomes of its clips under a probe that heard English.
"use strict";
{
  const { EMOTIONS, METRICS, MARKS, confusion, el, svg, mount, slider, button, readout, chart, text, axis, key, player } =
    sernbWidgets;
  const { plane, shorts } = sernbWidgets;
  const CLASS = (number) => `var(--${EMOTIONS[number]})`;

  // Values on the way from the first half of `stored`, English statistics, to the second, the language's own.
  function between(stored, share) {
    const size = stored.length / 2;
    return Float32Array.from({ length: size }, (_, i) => stored[i] * (1 - share) + stored[size + i] * share);
  }

  // What the probe says of every clip at a position of the slider, and the confusion counts of it.
  function judge(data, share) {
    const logits = between(data.logits, share);
    const named = new Uint8Array(data.emotion.length),
      counts = new Array(16).fill(0);
    for (let i = 0; i < named.length; i++) {
      for (let k = 1; k < 4; k++) if (logits[4 * i + k] > logits[4 * i + named[i]]) named[i] = k;
      counts[4 * data.emotion[i] + named[i]]++;
    }
    return { named, counts };
  }

  function unpack(data) {
    return {
      ...data,
      logits: shorts(data.logits),
      place: shorts(data.place),
      english: { ...data.english, place: shorts(data.english.place) },
    };
  }

  function build(live, packed) {
    const data = unpack(packed);
    const name = data.language;
    let share = 0,
      state = judge(data, 0);
    const steps = Array.from({ length: 21 }, (_, i) => METRICS.macro_f1.of(judge(data, i / 20).counts));

    const cloud = chart(
      `Embeddings of ${name} and English clips in a plane. Across: from English to ${name}. Up: the direction in ` +
        "which English emotions differ most.",
      (width) => Math.min(340, Math.max(240, width * 0.75)),
      (picture, width, height) => {
        const frame = { left: 8, right: width - 8, top: 8, bottom: height - 24 };
        const [x, y] = plane(picture, data.range, frame);
        let grey = "";
        for (let i = 0; i < data.english.emotion.length; i++)
          grey += MARKS.square(x(data.english.place[2 * i]), y(data.english.place[2 * i + 1]), 1.8);
        picture.append(svg("path", { d: grey, fill: "var(--sernb-quiet)", opacity: 0.7 }));
        const place = between(data.place, share);
        const drawn = EMOTIONS.map(() => ({ right: "", wrong: "" }));
        for (let i = 0; i < data.emotion.length; i++)
          drawn[data.emotion[i]][state.named[i] === data.emotion[i] ? "right" : "wrong"] += MARKS.circle(
            x(place[2 * i]),
            y(place[2 * i + 1]),
            2.8,
          );
        drawn.forEach((one, number) =>
          picture.append(
            svg("path", { d: one.wrong, fill: "none", stroke: CLASS(number), "stroke-width": 1 }),
            svg("path", { d: one.right, fill: CLASS(number), stroke: "var(--sernb-paper)", "stroke-width": 0.5 }),
          ),
        );
        picture.append(
          text(frame.left, height - 6, "English", { class: "quiet" }),
          text(frame.right, height - 6, "farther from English →", { class: "quiet", "text-anchor": "end" }),
        );
      },
    );

    const curve = chart(
      `Macro-F1 over the slider: ${steps[0].toFixed(3)} with English statistics, ${steps[20].toFixed(3)} with ` +
        `${name}'s own.`,
      130,
      (picture, width, height) => {
        const frame = { left: 40, right: width - 14, top: 22, bottom: height - 22 };
        // at least a fifth of the whole scale, so that small changes look small
        const middle = (Math.min(...steps) + Math.max(...steps)) / 2,
          reach = Math.max(0.1, Math.max(...steps) - middle + 0.02);
        const low = Math.max(0, middle - reach),
          high = Math.min(1, middle + reach);
        const y = axis(picture, "y", [low, high], frame, "macro-F1", 3);
        const x = (value) => frame.left + value * (frame.right - frame.left);
        picture.append(
          svg("path", { class: "axis", d: `M${frame.left} ${frame.bottom}H${frame.right}` }),
          svg("path", {
            d: "M" + steps.map((value, i) => `${x(i / 20)} ${y(value)}`).join("L"),
            fill: "none",
            stroke: "var(--sernb-accent)",
            "stroke-width": 2,
          }),
          svg("circle", { cx: x(share), cy: y(METRICS.macro_f1.of(state.counts)), r: 5, fill: "var(--sernb-accent)" }),
          text(frame.left, height - 6, "English", { class: "quiet" }),
          text(frame.right, height - 6, `${name}'s own`, { class: "quiet", "text-anchor": "end" }),
        );
      },
    );

    const table = confusion("Clips: true emotion (rows), named by the probe (columns)");
    const figures = readout();
    const show = () => {
      state = judge(data, share);
      const right = [0, 5, 10, 15].reduce((sum, i) => sum + state.counts[i], 0);
      figures.say(
        "Macro-F1 ",
        el("b", { "data-figure": "macro_f1" }, METRICS.macro_f1.of(state.counts).toFixed(3)),
        ` (English statistics ${steps[0].toFixed(3)}, ${name}'s own ${steps[20].toFixed(3)}); `,
        `${right} of ${data.emotion.length} clips recognised.`,
      );
      table.show(state.counts);
      cloud.redraw();
      curve.redraw();
    };
    const control = slider({
      label: "Statistics the clips are standardised with",
      min: 0,
      max: 100,
      step: 1,
      value: 0,
      text: (value) => (value === 0 ? "English" : value === 100 ? `${name}'s own` : `${value} % of the way`),
      change: (value) => {
        share = value / 100;
        show();
      },
    });
    const slide = player(
      () => {
        share = Math.min(1, share + 0.012);
        control.value = Math.round(share * 100);
        show();
        return share < 1;
      },
      () => (play.textContent = "Slide"),
    );
    const play = button("Slide", () => {
      if (slide.running) return slide.stop();
      if (share >= 1) share = 0;
      play.textContent = "Stop";
      slide.start();
    });
    live.append(
      el("div", { class: "sernb-row" }, control.node, play),
      figures.node,
      el(
        "div",
        { class: "sernb-row" },
        cloud.node,
        el(
          "div",
          { class: "sernb-side" },
          curve.node,
          table.node,
        ),
      ),
      key([
        ...EMOTIONS.map((emotion, i) => [emotion, CLASS(i)]),
        ["named wrongly", "var(--sernb-ink)", "circle", true],
        ["English clips", "var(--sernb-quiet)", "square"],
      ]),
    );
    show();
  }

  Object.assign(sernbWidgets, {
    judgeShift: (packed, share) => METRICS.macro_f1.of(judge(unpack(packed), share).counts),
  });
  mount("shift", build);
}
