// Confusion counts, 16 numbers, four true classes by four named ones: scores as sernb.evaluation.counts, and a table.
"use strict";
{
  const { EMOTIONS, el } = sernbWidgets;
  const METRICS = {
    macro_f1: {
      label: "macro-F1",
      of: (counts) => {
        let sum = 0;
        for (let one = 0; one < 4; one++) {
          let both = 0;
          for (let other = 0; other < 4; other++) both += counts[4 * one + other] + counts[4 * other + one];
          if (both) sum += (2 * counts[5 * one]) / both;
        }
        return total(counts) ? sum / 4 : NaN;
      },
    },
    accuracy: { label: "accuracy", of: (counts) => (counts[0] + counts[5] + counts[10] + counts[15]) / total(counts) },
    uar: {
      label: "UAR",
      of: (counts) => {
        let sum = 0,
          classes = 0;
        for (let one = 0; one < 4; one++) {
          const clips = counts[4 * one] + counts[4 * one + 1] + counts[4 * one + 2] + counts[4 * one + 3];
          if (clips) {
            sum += counts[5 * one] / clips;
            classes++;
          }
        }
        return sum / classes;
      },
    },
  };
  const total = (counts) => counts.reduce((sum, one) => sum + one, 0);

  // A table of confusion counts; `show` fills it.
  function confusion(caption) {
    const rows = el("tbody");
    const head = el("tr", {}, el("td"), ...EMOTIONS.map((emotion) => el("th", { scope: "col" }, emotion)));
    const node = el("table", { class: "sernb-confusion" }, el("caption", {}, caption), el("thead", {}, head), rows);
    const show = (counts) =>
      rows.replaceChildren(
        ...EMOTIONS.map((emotion, row) => {
          const own = counts.slice(4 * row, 4 * row + 4),
            clips = total(own);
          return el(
            "tr",
            {},
            el("th", { scope: "row" }, emotion),
            ...own.map((count) =>
              el("td", { class: "cell", style: `--share: ${clips ? count / clips : 0}` }, String(count)),
            ),
          );
        }),
      );
    return { node, show };
  }

  Object.assign(sernbWidgets, { METRICS, confusion, total });
}
