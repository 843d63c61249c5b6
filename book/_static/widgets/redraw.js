// Redraw: speakers and trainings are drawn again, with replacement, and the score's interval builds up.
"use strict";
{
  const { METRICS, total, el, svg, mount, button, select, readout, chart } = sernbWidgets;
  const { text, axis, player, random, shorts, linear } = sernbWidgets;
  const MOST = 20000;

  function unpack(data) {
    const tables = Object.fromEntries(
      Object.entries(data.tables).map(([name, table]) => [name, { ...table, counts: shorts(table.counts) }]),
    );
    const strata = {};
    data.stratum.forEach((number, speaker) => (strata[number] ??= []).push(speaker));
    return { ...data, tables, strata: Object.values(strata) };
  }

  // How often each of `members` comes up in as many draws with replacement.
  function drawn(members, times, generator) {
    for (const one of members) times[one] = 0;
    for (let i = 0; i < members.length; i++) times[members[generator.below(members.length)]]++;
  }

  function redrawOnce(data, option, generator) {
    const bySpeaker = new Array(data.stratum.length).fill(1),
      byRun = {};
    for (const members of data.strata) drawn(members, bySpeaker, generator);
    for (const pool of option.pools) drawn(pool, byRun, generator);
    return { bySpeaker, byRun };
  }

  // The score of a redraw: of each round the metric of its clips, averaged by clips; tables added up by their weights.
  function score(data, option, metric, { bySpeaker, byRun }) {
    let value = 0;
    for (const [name, weight] of Object.entries(option.weights)) {
      const { counts, run } = data.tables[name];
      let sum = 0,
        clips = 0;
      run.forEach((row, round) => {
        const confusion = new Array(16).fill(0);
        row.forEach((number, speaker) => {
          if (number < 0) return;
          const times = bySpeaker[speaker] * (byRun[number] ?? 1);
          if (!times) return;
          const from = 16 * (round * row.length + speaker);
          for (let cell = 0; cell < 16; cell++) confusion[cell] += times * counts[from + cell];
        });
        const own = total(confusion);
        if (own) {
          sum += own * METRICS[metric].of(confusion);
          clips += own;
        }
      });
      value += (weight * sum) / clips;
    }
    return value;
  }

  const asItIs = (data) => ({ bySpeaker: new Array(data.stratum.length).fill(1), byRun: {} });

  // As NumPy's quantile: linear between the sorted values on either side.
  function quantile(sorted, share) {
    const at = share * (sorted.length - 1),
      low = Math.floor(at);
    return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
  }

  function interval(data, option, metric, count, seed) {
    const generator = random(seed);
    const found = Array.from({ length: count }, () =>
      score(data, option, metric, redrawOnce(data, option, generator)),
    ).sort((a, b) => a - b);
    const { tail } = option.metrics[metric];
    return [quantile(found, tail), quantile(found, 1 - tail)];
  }

  function build(live, packed) {
    const data = unpack(packed);
    let option = data.options[0],
      metric = "macro_f1",
      generator,
      found,
      last,
      target = 0;
    const known = () => option.metrics[metric];
    const figures = readout();

    const CELL = 22;
    const strips = () => {
      const runs = option.pools.flat();
      const speakers = [`How often each of ${data.speakers.length} speakers was drawn`, last.bySpeaker];
      return runs.length
        ? [speakers, [`How often each of ${runs.length} trainings was drawn`, runs.map((run) => last.byRun[run] ?? 1)]]
        : [speakers];
    };
    const perRow = (width) => Math.max(1, Math.floor((width - 4) / CELL));
    const tall = (times, width) => 34 + CELL * Math.ceil(times.length / perRow(width));
    const people = chart(
      "How often each speaker and each training came up in the last redraw.",
      (width) => strips().reduce((sum, [, times]) => sum + tall(times, width), 0),
      (picture, width) => {
        let top = 14;
        for (const [title, times] of strips()) {
          picture.append(text(0, top, title));
          times.forEach((count, i) => {
            const x = 12 + CELL * (i % perRow(width)),
              y = top + 18 + CELL * Math.floor(i / perRow(width));
            picture.append(
              svg("circle", {
                cx: x,
                cy: y,
                r: 9,
                fill: "var(--sernb-accent)",
                "fill-opacity": Math.min(0.6, 0.15 * count),
                stroke: "var(--sernb-quiet)",
                "stroke-dasharray": count ? null : "2 2",
              }),
              text(x, y + 4, String(count), { "text-anchor": "middle", class: count ? "" : "quiet" }),
            );
          });
          top += tall(times, width);
        }
      },
    );

    const histogram = chart(
      "Histogram of the redrawn scores, with the 95 % interval and the score itself.",
      250,
      (picture, width, height) => {
        const frame = { left: 14, right: width - 14, top: 44, bottom: height - 40 };
        const { value, low, high } = known();
        const reach = Math.max(high - value, value - low) * 1.9 || 0.05;
        const range = [value - reach, value + reach],
          bins = Math.max(15, Math.min(60, Math.floor(width / 10)));
        const x = axis(picture, "x", range, frame, `${option.label}: ${METRICS[metric].label}`, 5);
        const heights = new Array(bins).fill(0);
        for (const one of found) {
          const bin = Math.floor(((one - range[0]) / (range[1] - range[0])) * bins);
          if (bin >= 0 && bin < bins) heights[bin]++;
        }
        const tallest = Math.max(4, ...heights),
          y = linear([0, tallest], [frame.bottom, frame.top]);
        const [from, to] = bounds();
        heights.forEach((count, i) => {
          const left = range[0] + ((range[1] - range[0]) * i) / bins,
            right = left + (range[1] - range[0]) / bins;
          const inside = (left + right) / 2 >= from && (left + right) / 2 <= to;
          picture.append(
            svg("rect", {
              x: x(left) + 0.5,
              width: Math.max(1, x(right) - x(left) - 1),
              y: y(count),
              height: frame.bottom - y(count),
              fill: "var(--sernb-accent)",
              opacity: inside ? 0.9 : 0.35,
              class: "bin",
            }),
          );
        });
        if (range[0] < 0 && range[1] > 0 && Object.keys(option.weights).length > 1)
          picture.append(
            svg("path", {
              d: `M${x(0)} ${frame.top}V${frame.bottom}`,
              stroke: "var(--sernb-ink)",
              "stroke-dasharray": "2 3",
            }),
          );
        picture.append(
          svg("path", {
            d: `M${x(value)} ${frame.top - 8}V${frame.bottom}`,
            stroke: "var(--sernb-ink)",
            "stroke-width": 2,
          }),
          text(x(value), 12, `score ${value.toFixed(3)}`, { "text-anchor": "middle" }),
        );
        if (found.length >= 100)
          picture.append(
            svg("path", {
              d: `M${x(from)} ${frame.top - 14}v8v-4H${x(to)}v-4v8`,
              stroke: "var(--angry)",
              "stroke-width": 2,
              fill: "none",
            }),
            text(x(from), 26, from.toFixed(3), { "text-anchor": "end" }),
            text(x(to), 26, to.toFixed(3)),
          );
      },
    );

    const bounds = () => {
      if (found.length < 100) return [-Infinity, Infinity];
      const sorted = Float64Array.from(found).sort();
      return [quantile(sorted, known().tail), quantile(sorted, 1 - known().tail)];
    };
    const show = () => {
      const { value, low, high, tail } = known(),
        [from, to] = bounds();
      figures.say(
        el("b", { "data-figure": "count" }, String(found.length)),
        ` redraw${found.length === 1 ? "" : "s"} of ${option.label}, ${METRICS[metric].label} ${value.toFixed(3)}. `,
        found.length < 100 ? "An interval shows from 100 redraws on. " : "",
        ...(found.length < 100
          ? []
          : [
              "95 % interval ",
              el("b", { "data-figure": "interval" }, `${from.toFixed(3)} to ${to.toFixed(3)}`),
              `, with ${(100 * tail).toFixed(1)} % cut off at either end: 2.5 %, corrected for how few speakers and `,
              "seeds there are and for what both hold. ",
            ]),
        `The package, after many more redraws: ${low.toFixed(3)} to ${high.toFixed(3)}.`,
      );
      people.redraw();
      histogram.redraw();
    };
    const add = (count) => {
      for (let i = 0; i < count; i++) {
        last = redrawOnce(data, option, generator);
        found.push(score(data, option, metric, last));
      }
    };
    const runner = player(
      () => {
        add(Math.min(target - found.length, Math.ceil(target / 60)));
        show();
        return found.length < target;
      },
      () => {},
    );
    const more = (count) => {
      runner.stop();
      target = Math.min(MOST, found.length + count);
      if (target > found.length) runner.start();
    };
    const reset = () => {
      runner.stop();
      generator = random(1);
      found = [];
      last = asItIs(data);
      show();
    };
    live.append(
      el(
        "div",
        { class: "sernb-row" },
        select("What is judged", Object.fromEntries(data.options.map(({ label }, i) => [i, label])), "0", (now) => {
          option = data.options[now];
          reset();
        }),
        select(
          "Metric",
          Object.fromEntries(Object.entries(METRICS).map(([name, { label }]) => [name, label])),
          metric,
          (now) => {
            metric = now;
            reset();
          },
        ),
        button("Redraw once", () => more(1)),
        button("Redraw 1000 times", () => more(1000)),
        button("Start over", reset),
      ),
      figures.node,
      el("div", { class: "sernb-row" }, histogram.node, el("div", { class: "sernb-side" }, people.node)),
    );
    reset();
  }

  Object.assign(sernbWidgets, {
    redrawScore: (packed, number, metric) => {
      const data = unpack(packed);
      return score(data, data.options[number], metric, asItIs(data));
    },
    redrawInterval: (packed, number, metric, count, seed) => {
      const data = unpack(packed);
      return interval(data, data.options[number], metric, count, seed);
    },
  });
  mount("redraw", build);
}
