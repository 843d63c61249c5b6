"""Pictures of a language of one's own: the way from a folder to labels, and how far the recipe carries there."""

from collections.abc import Sequence

import pandas as pd
from IPython.display import HTML

from sernb.figures.boxes import ADAPTED, FOLLOWS, TRAINED, diagram
from sernb.figures.captioned import captioned
from sernb.figures.plots_results import forest
from sernb.labels import EMOTIONS
from sernb.languages import language_name
from sernb.results.ladder import macro_f1_interval, predictions_by_step
from sernb.runs import Run


def way() -> HTML:
    """From a folder of clips and a table to labels: which command does what, and where the labels go."""
    english, clips, table = (0.0, 1.0), (0.0, 0.0), (1.1, 0.0)
    models, statistics, labels, scores = (2.3, 1.0), (2.3, 0.0), (3.5, 0.5), (4.6, 0.5)
    boxes = {
        english: ("English clips\nwith labels", FOLLOWS),
        clips: ("your clips,\ncorpus.csv", FOLLOWS),
        table: ("one table, rejects,\nlimits named", FOLLOWS),
        models: ("several trainings,\nmiddle layer, averaged", TRAINED),
        statistics: ("your clips' own mean\nand deviation", ADAPTED),
        labels: ("labels for\nyour clips", TRAINED),
        scores: ("scores, where\nyou have labels", FOLLOWS),
    }
    arrows = [(english, models), (clips, table), (table, statistics)]
    arrows += [(models, labels), (statistics, labels), (labels, scores)]
    return captioned(
        diagram(boxes, arrows, 11, 2.6),
        alt="Boxes joined by arrows. English clips with labels lead to several trainings. Your clips and corpus.csv "
        "lead to one table with rejects and limits, and from there to your clips' own mean and deviation. Trainings "
        "and statistics together give labels for your clips, and these give scores where you have labels.",
        caption="The recipe. English teaches emotion, your clips say how your recordings sound, and your labels, "
        "if there are any, are used for the scores only.",
        name="fig-way",
    )


def climb(runs: Sequence[Run], language: str) -> HTML:
    """Macro-F1 on one language of the single model, its averaged weights, own statistics, the ensemble, own names.

    Args:
        runs: of one recipe, a seed each.
        language: ISO 639-1.

    Returns:
        The picture; where no clip of the language has a label, a sentence that says so.
    """
    rows = []
    for step, judged in predictions_by_step(list(runs)).items():
        own = judged[judged["language"] == language]
        if len(own):
            rows.append({"step": step, "method": "baseline"} | macro_f1_interval(own))
    if not rows:
        return HTML(f"<p>No clip in {language_name(language)} has a label: nothing can be measured on it.</p>")
    table = pd.DataFrame(rows)
    ax = forest(table, "step", reference=1 / len(EMOTIONS))
    ax.set(xlabel="macro-F1", xlim=(0, 1))
    described = "; ".join(f"{row.step}: {row.value:.2f}" for row in table.itertuples())
    return captioned(
        ax,
        alt=f"Points with intervals, macro-F1 to the right, chance dashed. {described}.",
        caption=f"Live run, {language_name(language)}: what each step of the recipe reaches, with 95 % intervals over "
        f"speakers and {len(runs)} trainings. Hollow: too few speakers for an interval.",
        name="fig-climb",
    )
