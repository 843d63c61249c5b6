// Scores of confusion counts, 16 numbers: four true classes by four named ones; as sernb.evaluation.counts.
"use strict";
{
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

  Object.assign(sernbWidgets, { METRICS, total });
}
