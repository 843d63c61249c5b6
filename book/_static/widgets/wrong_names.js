// Wrong names: clips with the names a head learns, the mean of each name, and what the head makes of other speakers.
"use strict";
{
  const { EMOTIONS, METRICS, MARKS, confusion, el, svg, mount, slider, choice, readout, chart, text, axis, key } =
    sernbWidgets;
  const { plane, shorts } = sernbWidgets;
  const CLASS = (number) => `var(--${EMOTIONS[number]})`;
  const digits = (letters) => Uint8Array.from(letters, Number);

  function unpack(data) {
    const ways = Object.fromEntries(
      Object.entries(data.ways).map(([name, way]) => [
        name,
        { ...way, names: way.names.map(digits), answers: way.answers.map(digits) },
      ]),
    );
    return { ...data, ways, emotion: digits(data.emotion), place: shorts(data.place) };
  }

  // Confusion counts of answers, and how many names are right.
  function judge(data, way, at) {
    const { names, answers } = data.ways[way];
    const counts = new Array(16).fill(0);
    let right = 0;
    data.emotion.forEach((truth, i) => {
      counts[4 * truth + answers[at][i]]++;
      if (names[at][i] === truth) right++;
    });
    return { counts, right };
  }

  // Means of the clips of each of four names: 8 numbers, NaN where there is none.
  function means(place, names) {
    const sums = new Array(8).fill(0),
      clips = new Array(4).fill(0);
    names.forEach((name, i) => {
      sums[2 * name] += place[2 * i];
      sums[2 * name + 1] += place[2 * i + 1];
      clips[name]++;
    });
    return sums.map((sum, i) => sum / clips[i >> 1]);
  }

  function build(live, packed) {
    const data = unpack(packed);
    const name = data.language;
    let way = "scattered",
      at = 0,
      state;
    const truth = means(data.place, data.emotion);

    const cloud = chart(
      `Embeddings of ${name} clips in the plane in which the emotions' means differ most, in the colour of the name a ` +
        "head learns. Arrows lead from the middle to the mean of each name, dashed lines to that of each true emotion.",
      (width) => Math.min(340, Math.max(240, width * 0.75)),
      (picture, width, height) => {
        const frame = { left: 8, right: width - 8, top: 8, bottom: height - 8 };
        const [x, y] = plane(picture, data.range, frame);
        const names = data.ways[way].names[at];
        const drawn = EMOTIONS.map(() => ({ right: "", wrong: "" }));
        names.forEach((one, i) => {
          const mark = MARKS.circle(x(data.place[2 * i]), y(data.place[2 * i + 1]), 2.8);
          drawn[one][one === data.emotion[i] ? "right" : "wrong"] += mark;
        });
        drawn.forEach((one, number) =>
          picture.append(
            svg("path", { d: one.right, fill: CLASS(number), opacity: 0.45 }),
            svg("path", { d: one.wrong, fill: "none", stroke: CLASS(number), "stroke-width": 1, opacity: 0.7 }),
          ),
        );
        const ours = means(data.place, names);
        EMOTIONS.forEach((_, number) => {
          const line = (points, attributes) => {
            const [across, up] = [points[2 * number], points[2 * number + 1]];
            if (Number.isNaN(across)) return;
            picture.append(svg("path", { d: `M${x(0)} ${y(0)}L${x(across)} ${y(up)}`, ...attributes }));
          };
          line(truth, { stroke: "var(--sernb-ink)", "stroke-width": 1.5, "stroke-dasharray": "3 3" });
          line(ours, { stroke: "var(--sernb-paper)", "stroke-width": 7 });
          line(ours, { stroke: CLASS(number), "stroke-width": 4, class: "mean" });
          if (!Number.isNaN(ours[2 * number]))
            picture.append(
              svg("path", {
                d: MARKS.circle(x(ours[2 * number]), y(ours[2 * number + 1]), 5),
                fill: CLASS(number),
                stroke: "var(--sernb-paper)",
                "stroke-width": 1.5,
              }),
            );
        });
      },
    );

    const curve = chart(
      "Macro-F1 of the head over the share of wrong names: scattered, one-sided, and the model's own names.",
      190,
      (picture, width, height) => {
        const frame = { left: 40, right: width - 14, top: 22, bottom: height - 40 };
        const x = axis(picture, "x", [0, 70], frame, "wrong names, %", 7);
        const y = axis(picture, "y", [0, 1], frame, "macro-F1", 4);
        for (const [kind, dashes, said, above] of [
          ["scattered", null, "scattered", -8],
          ["one-sided", "5 4", "the same other", 16],
        ]) {
          const { shares, mean } = data.ways[kind];
          const middle = mean.length >> 1;
          picture.append(
            text(x(shares[middle]) + above, y(mean[middle]) + above, said, {
              class: way === kind ? "" : "quiet",
              "text-anchor": above < 0 ? "start" : "end",
            }),
          );
          picture.append(
            svg("path", {
              d: "M" + mean.map((value, i) => `${x(shares[i])} ${y(value)}`).join("L"),
              fill: "none",
              stroke: "var(--sernb-accent)",
              "stroke-width": 2,
              "stroke-dasharray": dashes,
              opacity: way === kind ? 1 : 0.55,
            }),
          );
        }
        const wrong = (kind, i) => 100 * (1 - data.ways[kind].right[i]);
        picture.append(
          svg("path", {
            d: MARKS.square(x(wrong("own", 0)), y(data.ways.own.mean[0]), 5),
            fill: "var(--sernb-ink)",
          }),
        );
        if (way !== "own")
          picture.append(
            svg("circle", { cx: x(wrong(way, at)), cy: y(data.ways[way].mean[at]), r: 6, fill: "var(--sernb-accent)" }),
          );
      },
    );

    const table = confusion("Clips: true emotion (rows), named by the head (columns)");
    const figures = readout();
    const show = () => {
      state = judge(data, way, at);
      const clips = data.emotion.length;
      figures.say(
        `${clips - state.right} of ${clips} names are wrong (${Math.round(100 * (1 - state.right / clips))} %). `,
        "A head that learnt others' names reaches a macro-F1 of ",
        el("b", { "data-figure": "macro_f1" }, METRICS.macro_f1.of(state.counts).toFixed(3)),
        ".",
      );
      table.show(state.counts);
      cloud.redraw();
      curve.redraw();
    };
    const control = slider({
      label: "Names that are wrong",
      min: 0,
      max: data.ways.scattered.shares.length - 1,
      step: 1,
      value: 0,
      text: (value) => (way === "own" ? "as the model is" : `${data.ways[way].shares[value]} %`),
      change: (value) => {
        at = value;
        show();
      },
    });
    const kinds = {
      scattered: "scattered over all others",
      "one-sided": "always the same other",
      own: "the model's own names",
    };
    live.append(
      el(
        "div",
        { class: "sernb-row" },
        choice("Wrong names are", kinds, way, (now) => {
          way = now;
          control.input.disabled = now === "own";
          at = now === "own" ? 0 : control.value;
          control.value = control.value; // says it in the words of this way
          show();
        }),
        control.node,
      ),
      figures.node,
      el("div", { class: "sernb-row" }, cloud.node, el("div", { class: "sernb-side" }, curve.node, table.node)),
      key([
        ...EMOTIONS.map((emotion, i) => [`named ${emotion}`, CLASS(i)]),
        ["a wrong name", "var(--sernb-ink)", "circle", true],
        ["learnt from the model's own names", "var(--sernb-ink)", "square"],
      ]),
    );
    show();
  }

  Object.assign(sernbWidgets, {
    judgeNames: (packed, way, at) => METRICS.macro_f1.of(judge(unpack(packed), way, at).counts),
    nameMeans: (packed, way, at) => {
      const data = unpack(packed);
      return means(data.place, data.ways[way].names[at]);
    },
  });
  mount("wrong_names", build);
}
