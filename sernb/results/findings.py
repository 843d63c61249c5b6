"""What the stored runs of each method say: the paper's Table 1 beside ours, stage 1, what stands behind a figure."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from sernb.data.grouping import each_method
from sernb.data.shipped import RESULTS
from sernb.evaluation import comparison, uncertainty
from sernb.evaluation.names import word
from sernb.evaluation.predictions import METRICS
from sernb.experiments.recipes import RECIPES
from sernb.experiments.stored import open_stored
from sernb.languages import language_name
from sernb.runs import Run

METHODS = {recipe.name: recipe.label for recipe in RECIPES.values()}
"""Groups of the stored runs and how a page names them, in the order of the paper's tables."""


WITHOUT_RAVDESS = "without-ravdess"
"""Ends the names of the groups of runs that hold RAVDESS out."""


def runs_of_group(root: Path, group: str) -> list[Run]:
    """The stored runs of a group, by seed; an empty list where there are none."""
    return open_stored(root).group(group)


def runs_by_method(root: Path) -> dict[str, list[Run]]:
    """The stored runs of each method that has some, by its name on the pages."""
    found = {name: runs_of_group(root, group) for group, name in METHODS.items()}
    return {name: runs for name, runs in found.items() if runs}


def mean_std(values: pd.Series) -> str:
    """ "0.547 (0.036)" as the papers print it; "0.547" of a single value."""
    spread = f" ({values.std():.3f})" if len(values) > 1 else ""
    return f"{values.mean():.3f}{spread}"


def table1(tables: Mapping[str, pd.DataFrame], paper: pd.DataFrame) -> pd.DataFrame:
    """The paper's Table 1 beside ours: rows corpus and metric, one column a method of each.

    Args:
        tables: method -> test predictions of its runs, from `comparison.pooled`.
        paper: from `paper_table1`.

    Returns:
        Columns language, corpus (paper / ours), metric, then "paper: ..." and "ours: ..." of each method; mean (std)
        over runs in the paper, over rounds of the test clips here (see `counts.rounds`). English is judged by
        other runs than the targets, see `with_english_row`.
    """
    scored = {name: comparison.scored_rounds(table) for name, table in tables.items() if len(table)}
    rows = []
    for corpus in paper["corpus"].unique():
        published = paper[paper["corpus"] == corpus]
        (language,) = published["language"].unique()
        ours = {name: frame[frame["language"] == language] for name, frame in scored.items()}
        names = sorted(set().union(*(frame["corpus"] for frame in ours.values()), set()))
        for metric in METRICS:
            row = {
                "language": language,
                "corpus (paper / ours)": f"{corpus} / {', '.join(names) or '–'}",
                "metric": word(metric),
            }
            for group, name in METHODS.items():
                cell = published[(published["metric"] == metric) & (published["method"] == group)]
                row[f"paper: {name}"] = f"{cell['mean'].item():.3f} ({cell['std'].item():.3f})"
            for name in METHODS.values():
                frame = ours.get(name, pd.DataFrame())
                row[f"ours: {name}"] = mean_std(frame[metric]) if len(frame) else "–"
            rows.append(row)
    return pd.DataFrame(rows)


def with_english_row(tables: Mapping[str, pd.DataFrame], root: Path = RESULTS) -> dict[str, pd.DataFrame]:
    """Each method's test predictions; for the paper's English row, those of RAVDESS by runs that held it out too."""
    found = {}
    for group, name in METHODS.items():
        if name in tables:
            runs = runs_of_group(root, f"{group}-{WITHOUT_RAVDESS}")
            english = [comparison.pooled(runs).query("language == 'en'")] if runs else []
            found[name] = pd.concat([tables[name], *english], ignore_index=True)
    return found


def paper_differences(paper: pd.DataFrame, metric: str = "macro_f1") -> pd.DataFrame:
    """Each method less the baseline in the paper's Table 1: method, corpus, language, value; it states no interval."""
    wide = paper[paper["metric"] == metric].pivot(index=["corpus", "language"], columns="method", values="mean")
    rows = [
        {"method": METHODS[group], "corpus": corpus, "language": language, "value": row[group] - row["baseline"]}
        for group in METHODS
        if group != "baseline"
        for (corpus, language), row in wide.iterrows()
    ]
    return pd.DataFrame(rows)


def difference_in_words(row: Mapping) -> str:
    """One row of `comparison.differences` in words."""
    sure = "the interval excludes zero" if row["excludes_zero"] else "the interval holds zero"
    said = f"{language_name(row['language'])}, {row['method']}: {uncertainty.in_words(row)}"
    return said if pd.isna(row["low"]) else f"{said}, {sure}"


STAGE1_FIGURES = {
    "recall_at_1": "recall@1, held-out speakers",
    "eer": "equal error rate, held-out speakers",
    "emotion_macro_f1": "emotion probe in English, macro-F1",
}
"""What stage 1's report holds, before and after it, and how a page names it."""


def stage1_table(runs: list[Run]) -> pd.DataFrame:
    """What stage 1 alone did to the embedding, without emotion labels: one row a measure.

    Columns measure, before, after, change (mean (std) over runs), runs.
    """
    reports = [run.report for run in runs]
    rows = []
    for name, measure in STAGE1_FIGURES.items():
        before, after = (pd.Series([one[when][name] for one in reports]) for when in ("before", "after"))
        columns = {"before": before, "after": after, "change": after - before}
        texts = {column: mean_std(values) for column, values in columns.items()}
        rows.append({"measure": measure} | texts | {"runs": len(reports)})
    return pd.DataFrame(rows if reports else [])


def judgement_counts(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """What stands behind each method's figures: seeds, and how often each corpus's clips were judged."""
    rows = []
    for about, judged in each_method(tables):
        clips = judged["utterance_id"].nunique()
        counts = {"seeds": judged["seed"].nunique(), "clips": clips, "speakers": judged["speaker"].nunique()}
        rows.append(about | counts | {"judgements per clip": len(judged) / clips})
    return pd.DataFrame(rows)


def paper_table1(root: Path = RESULTS) -> pd.DataFrame:
    """Gong et al. 2025, Table 1: corpus, language, method, metric, mean, std (five runs each)."""
    return pd.read_csv(root / "paper" / "gong2025_table1.csv")


def paper_macro_f1(group: str, root: Path = RESULTS) -> pd.DataFrame:
    """Macro-F1 of the paper's baseline and of one of its methods: a row a corpus, a column each."""
    paper = paper_table1(root).query("metric == 'macro_f1' and method in ('baseline', @group)")
    wide = paper.pivot(index="corpus", columns="method", values="mean").rename(columns=METHODS)
    return wide.reset_index().rename_axis(columns=None)


def paper_table2(root: Path = RESULTS) -> pd.DataFrame:
    """Gong et al. 2025, Table 2: confusion of the contrastive model on EMO-DB less the baseline's, in points."""
    return pd.read_csv(root / "paper" / "gong2025_table2.csv")


def confusion_kinds(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Mean confusion of the pairs that share arousal, valence or neither, one row a method and corpus.

    Cells "0.21 [0.15, 0.28]"; "arousal - rest" is the difference from the pairs that do not share arousal.
    """
    kinds = {kind: comparison.mean_share(kind) for kind in ("arousal", "valence", "neither")}
    metrics = kinds | {"arousal - rest": comparison.arousal_less_rest}
    rows = []
    for about, judged in each_method(tables):
        found = uncertainty.estimate(judged, bounded=False, metrics=metrics)
        rows.append(
            about | {row["metric"]: uncertainty.in_words(row, 2, sign=False) for row in found.to_dict("records")}
        )
    return pd.DataFrame(rows)
