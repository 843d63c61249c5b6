// Results: a point a training or a speaker, by language, method, gender and metric.
"use strict";
{
  const { METRICS, el, svg, mount, choice, select, check, readout, chart, text, axis, shorts, total } = sernbWidgets;
  const GENDERS = { all: "everybody", female: "women", male: "men" };
  const COLOURS = ["var(--sernb-quiet)", "var(--sad)", "var(--angry)", "var(--happy)"];
  const GENDER_COLOURS = { female: "#cc79a7", male: "#56b4e9", unknown: "var(--sernb-quiet)" };

  // Confusion counts of the chosen speakers, added up over these rounds and speakers.
  function added(method, speakers, rounds, chosen) {
    const sum = new Array(16).fill(0);
    for (const round of rounds)
      for (const speaker of chosen) {
        const from = 16 * (round * speakers.length + speaker);
        for (let cell = 0; cell < 16; cell++) sum[cell] += method.counts[from + cell];
      }
    return sum;
  }

  // Points {value, clips, said, gender} of a method.
  function points(place, name, { gender, metric, by }) {
    const method = place.methods[name],
      every = method.rounds.map((_, i) => i);
    const chosen = place.speakers
      .map((_, i) => i)
      .filter((i) => gender === "all" || place.speakers[i].gender === gender);
    if (by === "training")
      return every
        .map((round) => {
          const counts = added(method, place.speakers, [round], chosen),
            clips = total(counts);
          const heard = chosen.filter((one) => total(added(method, place.speakers, [round], [one])) > 0).length;
          const value = METRICS[metric].of(counts);
          return {
            value,
            clips,
            said:
              `${name}, ${method.rounds[round]}: ${METRICS[metric].label} ${value.toFixed(3)} ` +
              `on ${clips} clips of ${heard} speakers`,
          };
        })
        .filter((one) => one.clips);
    return chosen
      .map((speaker) => {
        const counts = added(method, place.speakers, every, [speaker]),
          clips = total(counts),
          { name: who, gender: kind } = place.speakers[speaker];
        const times = every.filter((round) => total(added(method, place.speakers, [round], [speaker])) > 0).length;
        const value = METRICS.accuracy.of(counts);
        return {
          value,
          clips: clips / times,
          gender: kind,
          said:
            `${name}, ${who} (${{ female: "woman", male: "man" }[kind] ?? "gender unknown"}): ` +
            `accuracy ${value.toFixed(3)} on ${Math.round(clips / times)} clips, mean of ${times} trainings`,
        };
      })
      .filter((one) => one.clips);
  }

  function unpack(data) {
    return Object.fromEntries(
      Object.entries(data.languages).map(([code, place]) => [
        code,
        {
          ...place,
          methods: Object.fromEntries(
            Object.entries(place.methods).map(([name, method]) => [name, { ...method, counts: shorts(method.counts) }]),
          ),
        },
      ]),
    );
  }

  function build(live, data) {
    const places = unpack(data);
    let language = data.first;
    const chosen = { gender: "all", metric: "macro_f1", by: "training" };
    const names = [...new Set(Object.values(places).flatMap((place) => Object.keys(place.methods)))];
    const shown = new Set(names);
    const figures = readout(),
      detail = readout();

    const picture = chart(
      "Points along the score, a row a method.",
      () => 60 + 64 * Math.max(1, rows().length),
      (drawing, width, height) => {
        const frame = { left: 12, right: width - 12, top: 6, bottom: height - 40 };
        const found = rows();
        const values = found.flatMap(({ own }) => own.map(({ value }) => value));
        if (!values.length) {
          drawing.append(
            text(width / 2, height / 2, "No clip of this choice was judged.", { "text-anchor": "middle" }),
          );
          return;
        }
        const range =
          chosen.by === "speaker"
            ? [0, 1]
            : [Math.max(0, Math.min(...values, 0.25) - 0.03), Math.min(1, Math.max(...values) + 0.05)];
        const label =
          chosen.by === "speaker" ? "accuracy of a speaker" : `${METRICS[chosen.metric].label} of a training`;
        const x = axis(drawing, "x", range, frame, label, width < 500 ? 4 : 8);
        const marks = [];
        found.forEach(({ name, own, mean }, row) => {
          const middle = frame.top + 40 + 64 * row;
          drawing.append(
            text(frame.left, middle - 22, `${name}: mean ${mean.toFixed(3)}`),
            svg("path", { class: "axis", d: `M${frame.left} ${middle}H${frame.right}` }),
            svg("path", { d: `M${x(mean)} ${middle - 16}v32`, stroke: "var(--sernb-ink)", "stroke-width": 2 }),
          );
          own.forEach((point, i) => {
            const mark = svg("circle", {
              cx: x(point.value),
              cy: middle + 11 * (((i * 5) % 7) / 3 - 1),
              r: chosen.by === "speaker" ? 3 + Math.sqrt(point.clips) / 2.2 : 6,
              fill:
                chosen.by === "speaker"
                  ? (GENDER_COLOURS[point.gender] ?? GENDER_COLOURS.unknown)
                  : COLOURS[names.indexOf(name) % COLOURS.length],
              opacity: 0.75,
              stroke: "var(--sernb-paper)",
              class: "point",
              tabindex: marks.length ? -1 : 0,
              role: "img",
              "aria-label": point.said,
            });
            const tell = () => detail.say(point.said);
            for (const event of ["pointerenter", "focus", "click"]) mark.addEventListener(event, tell);
            mark.addEventListener("keydown", (event) => {
              const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
              if (!step) return;
              event.preventDefault();
              const next = marks[(marks.indexOf(mark) + step + marks.length) % marks.length];
              mark.setAttribute("tabindex", -1);
              next.setAttribute("tabindex", 0);
              next.focus();
            });
            marks.push(mark);
            drawing.append(mark);
          });
        });
      },
    );
    picture.picture.setAttribute("role", "group");

    const rows = () =>
      Object.keys(places[language].methods)
        .filter((name) => shown.has(name))
        .map((name) => {
          const own = points(places[language], name, chosen),
            clips = own.reduce((sum, one) => sum + one.clips, 0);
          return { name, own, mean: own.reduce((sum, one) => sum + one.value * one.clips, 0) / clips };
        })
        .filter(({ own }) => own.length);
    const show = () => {
      const place = places[language];
      figures.say(
        `${place.name} (${place.corpus}), ${GENDERS[chosen.gender]}, `,
        `${chosen.by === "speaker" ? "accuracy" : METRICS[chosen.metric].label}: `,
        ...rows().flatMap(({ name, mean, own }, i) => [
          i ? "; " : "",
          `${name} `,
          el("b", {}, mean.toFixed(3)),
          ` (${own.length} ${chosen.by}s)`,
        ]),
        ".",
      );
      detail.say("Point at a dot, or move to it with Tab and the arrow keys, to see whose it is.");
      metric.querySelector("select").disabled = chosen.by === "speaker";
      picture.redraw();
    };
    const set = (name) => (value) => {
      chosen[name] = value;
      show();
    };
    const metric = select(
      "Metric",
      Object.fromEntries(Object.entries(METRICS).map(([name, { label }]) => [name, label])),
      chosen.metric,
      set("metric"),
    );
    live.append(
      el(
        "div",
        { class: "sernb-row" },
        select(
          "Language",
          Object.fromEntries(Object.entries(places).map(([code, { name }]) => [code, name])),
          language,
          (now) => {
            language = now;
            show();
          },
        ),
        metric,
        choice("Speakers:", GENDERS, "all", set("gender")),
        choice("One point per:", { training: "training", speaker: "speaker" }, "training", set("by")),
        el(
          "fieldset",
          {},
          el("legend", {}, "Methods:"),
          ...names.map((name) =>
            check(name, true, (on) => {
              if (on) shown.add(name);
              else shown.delete(name);
              show();
            }),
          ),
        ),
      ),
      figures.node,
      picture.node,
      detail.node,
    );
    show();
  }

  Object.assign(sernbWidgets, {
    resultPoints: (data, language, name, chosen) => points(unpack(data)[language], name, chosen),
  });
  mount("results", build);
}
