"""For whom a model works, in pictures: gaps between genders, what they are made of, and what may move them."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
from IPython.display import HTML

from sernb.evaluation import bias
from sernb.figures import plots_results
from sernb.figures.captioned import captioned
from sernb.languages import language_name
from sernb.results.report import FOLDER

PUBLISHED = {"baseline": "baseline", "contrastive": "contrastive", "byol": "BYOL"}
"""How the paper's table of genders names the methods, and how a page does."""


def gaps(found: pd.DataFrame, root: Path = FOLDER) -> HTML:
    """Women's accuracy less men's under each method in each language, and the paper's for Urdu.

    Args:
        found: from `evaluation.bias.gaps`.
        root: folder of the paper's tables.
    """
    paper = bias.paper_gender(root).assign(language="ur", who="the paper").rename(columns={"gap": "value"})
    paper["method"] = paper["method"].map(PUBLISHED)
    rows = pd.concat([found.assign(who="stored runs"), paper])
    rows = rows[rows["language"].isin(found["language"])]
    rows["line"] = [f"{language_name(row.language)}: {row.method}" for row in rows.itertuples()]
    rows = rows.sort_values("language", key=_names, kind="stable")
    ax = plots_results.forest(rows, "line", "who")
    ax.set(xlabel="women's accuracy less men's")
    described = [
        f"{row['line']} {plots_results.value_in_words(row)}{', in the paper' * (row['who'] != 'stored runs')}"
        for row in _records(rows)
    ]
    return captioned(
        ax,
        alt="Points with 95 % intervals, one line per language and method: women's accuracy less men's, zero dashed. "
        f"{'; '.join(described)}.",
        caption="Stored runs on real speech: women's accuracy less men's, with 95 % intervals over speakers and "
        "trainings. Right of zero women are recognised better. Hollow: the paper's gaps in Urdu, without interval.",
        name="fig-bias-gaps",
    )


def pools(changes: pd.DataFrame) -> HTML:
    """What each change of the speech that contrastive learning hears does to the gap, one panel per language.

    Args:
        changes: from `evaluation.bias.changes`.
    """
    rows = changes.assign(value=changes["change"], low=changes["change_low"], high=changes["change_high"])
    height = 0.8 + (0.7 + 0.28 * rows["condition"].nunique()) * rows["language"].nunique()
    figure, described = plots_results.forests_by_language(rows, "condition", height)
    figure.axes[-1].set(xlabel="change of women's accuracy less men's")
    return captioned(
        figure,
        alt=f"Points with 95 % intervals, one panel per language, zero dashed: how far each condition moves women's "
        f"accuracy less men's. {described}.",
        caption="Stored runs on real speech: how far women's accuracy less men's moves when contrastive "
        "learning hears other speech, or weighs it otherwise, with 95 % intervals."
        + plots_results.NO_INTERVAL
        * bool(rows["low"].isna().any()),
        name="fig-bias-pools",
    )


def parts(tables: Mapping[str, pd.DataFrame]) -> HTML:
    """Each gap in accuracy as class mix and recall, stored runs.

    Args:
        tables: method -> predictions of its runs, from `comparison.pooled`.
    """
    found = bias.decompositions(tables)
    found["line"] = [f"{language_name(row.language)}: {row.method}" for row in found.itertuples()]
    found = found.sort_values("language", key=_names, kind="stable")
    described = "; ".join(
        f"{row.line}: gap {row.gap:+.2f}, mix {row.mix:+.2f}, recall {row.recall:+.2f}" for row in found.itertuples()
    )
    return captioned(
        plots_results.stacked_gap(found, "line"),
        alt=f"Bars from zero, two per language and method: the parts of women's accuracy less men's that come from "
        f"class mix and from recall, and the gap as a point. {described}.",
        caption="Stored runs on real speech: the gap in accuracy, and its two parts.",
        name="fig-bias-parts",
    )


def speakers(predictions: pd.DataFrame, language: str) -> HTML:
    """Accuracy of every speaker of one language over their number of clips, stored runs.

    Args:
        predictions: of one method, from `comparison.pooled`.
        language: ISO 639-1 code.
    """
    everyone = bias.accuracy_by_speaker(predictions[predictions["language"] == language])
    if everyone.empty:
        return HTML(f"<p>There is no clip in {language_name(language)} that a stored run judged.</p>")
    busiest, clips, accuracy = everyone.iloc[0], everyone["clips"].sum(), everyone["accuracy"]
    return captioned(
        plots_results.speakers(everyone),
        alt=f"{language_name(language)}: accuracy of each of {len(everyone)} speakers over their number of clips. "
        f"{busiest['speaker']} alone has {busiest['clips']} of {clips} clips; accuracy runs from {accuracy.min():.2f} "
        f"to {accuracy.max():.2f}.",
        caption=f"Stored baseline, {language_name(language)}: every point a speaker. {busiest['speaker']} alone has "
        f"{busiest['clips']} of {clips} clips. Dashed: the mean over clips.",
        name="fig-bias-speakers",
    )


def genders(tables: Mapping[str, pd.DataFrame]) -> HTML:
    """Accuracy of women and men under each condition of the page's own runs, all target languages together.

    Args:
        tables: condition -> predictions of its runs, all under one name of corpus and language.
    """
    scored = bias.by_gender(tables).query("metric == 'accuracy'")
    described = "; ".join(f"{row.method}, {row.gender}: {row.value:.2f}" for row in scored.itertuples())
    return captioned(
        plots_results.genders_over(scored, "method"),
        alt=f"Accuracy of women and men under each pool, with 95 % intervals: {described}.",
        caption="Live runs: accuracy by gender under each pool and remedy, test clips of all target languages.",
        name="fig-bias-genders",
    )


def _names(languages: pd.Series) -> pd.Series:
    return languages.map(language_name)


def _records(rows: pd.DataFrame) -> list[dict]:
    return rows.to_dict("records")
