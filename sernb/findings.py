"""What the stored runs say: the paper's Table 1 beside ours, and every ablation whose runs are there."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path

import pandas as pd

from sernb import comparison, statistics
from sernb.evaluation import METRICS, scores
from sernb.runs import Run
from sernb.study import language_name
from sernb.training.contrastive import REPORT_FILE
from sernb.words import word

METHODS = {"baseline": "baseline", "contrastive": "contrastive", "byol": "BYOL"}
"""Groups of the stored runs and how a page names them, in the order of the paper's tables."""


def grouped(root: Path, group: str) -> list[Run]:
    """The stored runs of a group, by seed; an empty list where there are none."""
    runs = [Run(path.parent) for path in sorted((root / group).glob("*/config.json"))]
    return sorted(runs, key=lambda run: run.config["config"]["seed"])


def methods(root: Path) -> dict[str, list[Run]]:
    """The stored runs of each method that has some, by its name on the pages."""
    found = {name: grouped(root, group) for group, name in METHODS.items()}
    return {name: runs for name, runs in found.items() if runs}


def mean_std(values: pd.Series) -> str:
    """ "0.547 (0.036)" as the papers print it; "0.547" of a single value."""
    spread = f" ({values.std():.3f})" if len(values) > 1 else ""
    return f"{values.mean():.3f}{spread}"


def table1(tables: Mapping[str, pd.DataFrame], paper: pd.DataFrame) -> pd.DataFrame:
    """The paper's Table 1 beside ours: rows corpus and metric, one column a method of each.

    Args:
        tables: method -> test predictions of its runs, from `comparison.pooled`.
        paper: from `results.paper_table`.

    Returns:
        Columns language, corpus (paper / ours), metric, then "paper: ..." and "ours: ..." of each method; mean (std)
        over runs in the paper, over rounds of the test clips here (see `statistics.rounds`). The paper's held-out
        English corpus has no counterpart: ours are trained on it.
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


def verdict(row: Mapping) -> str:
    """One row of `comparison.differences` in words."""
    sure = "the interval excludes zero" if row["excludes_zero"] else "the interval holds zero"
    said = f"{language_name(row['language'])}, {row['method']}: {statistics.in_words(row)}"
    return said if pd.isna(row["low"]) else f"{said}, {sure}"


STAGE1_FIGURES = {
    "recall_at_1": "recall@1, held-out speakers",
    "eer": "equal error rate, held-out speakers",
    "emotion_macro_f1": "emotion probe in English, macro-F1",
}
"""What stage 1's report holds, before and after it, and how a page names it."""


def stage1(runs: list[Run]) -> pd.DataFrame:
    """What stage 1 alone did to the embedding, without emotion labels: one row a measure.

    Columns measure, before, after, change (mean (std) over runs), runs.
    """
    reports = [report(run) for run in runs]
    rows = []
    for name, measure in STAGE1_FIGURES.items():
        before, after = (pd.Series([one[when][name] for one in reports]) for when in ("before", "after"))
        columns = {"before": before, "after": after, "change": after - before}
        texts = {column: mean_std(values) for column, values in columns.items()}
        rows.append({"measure": measure} | texts | {"runs": len(reports)})
    return pd.DataFrame(rows if reports else [])


def report(run: Run) -> dict[str, dict[str, float]]:
    """What a run of stage 1 reports of its embedding, "before" and "after"."""
    return json.loads((run.folder / REPORT_FILE).read_text())


def coverage(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """What stands behind each method's figures: seeds, and how often each corpus's clips were judged."""
    rows = []
    for name, table in tables.items():
        for (corpus, language), judged in table.groupby(["corpus", "language"]):
            rows.append(
                {
                    "method": name,
                    "corpus": corpus,
                    "language": language,
                    "seeds": judged["seed"].nunique(),
                    "clips": judged["utterance_id"].nunique(),
                    "speakers": judged["speaker"].nunique(),
                    "judgements a clip": len(judged) / judged["utterance_id"].nunique(),
                }
            )
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class Row:
    """One line of an ablation: a group of stored runs, and perhaps a variant of them.

    Attributes:
        label: what differs.
        group: folder below results/.
        variant: as `Run.variant` takes it.
        command: what makes the runs.
    """

    label: str
    group: str
    variant: str | None = None
    command: str = ""


@dataclass(frozen=True)
class Ablation:
    """A question that two or more groups of runs answer; the first row is what the others are compared with."""

    name: str
    question: str
    rows: tuple[Row, ...]


@cache
def ablations() -> dict[str, Ablation]:
    """Every ablation the book shows, by name, from ablations.toml."""
    content = tomllib.loads((files(__package__) / "ablations.toml").read_text())
    return {
        name: Ablation(name, entry["question"], tuple(Row(**row) for row in entry["rows"]))
        for name, entry in content.items()
    }


def rows_of(row: Row, root: Path) -> pd.DataFrame:
    """Test predictions of the runs behind a row, empty where none is stored."""
    runs = [run for run in grouped(root, row.group) if row.variant is None or row.variant in run.variants]
    return comparison.pooled(runs, variant=row.variant) if runs else pd.DataFrame()


def ablation_table(ablation: Ablation, root: Path, metric: str = "macro_f1") -> pd.DataFrame:
    """Scores of each row whose runs are stored, and its difference from the first row on common clips and seeds.

    Returns:
        Columns what, corpus, language, seeds, score (mean (std) over rounds), against (the first row's score on the
        clips and seeds both have), then value, low, high of the difference; empty where fewer than two rows are stored.
    """
    tables = {row.label: rows_of(row, root) for row in ablation.rows}
    tables = {label: table for label, table in tables.items() if len(table)}
    first = ablation.rows[0].label
    if first not in tables or len(tables) < 2:
        return pd.DataFrame()
    found = []
    for label, table in tables.items():
        for (corpus, language), judged in table.groupby(["corpus", "language"]):
            scored = comparison.scored_rounds(judged)
            entry = {
                "what": label,
                "corpus": corpus,
                "language": language,
                "seeds": judged["seed"].nunique(),
                word(metric): mean_std(scored[metric]),
            }
            own, control = comparison.common(judged, tables[first])
            if label != first and len(own):
                chosen = {metric: statistics.SCORES[metric]}
                (gain,) = statistics.difference(own, control, metrics=chosen).to_dict("records")
                entry["against"] = mean_std(comparison.scored_rounds(control)[metric])
                entry |= {name: gain[name] for name in ("value", "low", "high")}
            found.append(entry)
    table = pd.DataFrame(found)
    return table.sort_values(["language", "corpus"], kind="stable", ignore_index=True)


def ablation_page(table: pd.DataFrame, metric: str = "macro_f1") -> pd.DataFrame:
    """`ablation_table` with a column a corpus; below the first row also the first row's score on the same clips.

    Cells "0.554 (0.028)" in the first row, "0.554 (0.028), not 0.533 (0.031): +0.021 [-0.010, +0.052]" below it.
    """
    score = word(metric)
    cells = [
        row[score] if pd.isna(row["value"]) else f"{row[score]}, not {row['against']}: {statistics.in_words(row)}"
        for row in table.to_dict("records")
    ]
    wide = table.assign(cell=cells).pivot(index=["what", "seeds"], columns="corpus", values="cell")
    return wide.loc[table["what"].unique()].reset_index().rename_axis(columns=None)


def seed_by_seed(ablation: Ablation, label: str, root: Path) -> pd.DataFrame:
    """What one row of an ablation has over the first under each seed, on the clips both judged: macro-F1.

    Returns:
        One row a seed and a last one, "all", of their mean; columns seed and each corpus.
    """
    (row,) = (row for row in ablation.rows if row.label == label)
    own, control = comparison.common(rows_of(row, root), rows_of(ablation.rows[0], root))
    per_seed = {
        corpus: statistics.per_seed(judged) - statistics.per_seed(control[control["corpus"] == corpus])
        for corpus, judged in own.groupby("corpus")
    }
    table = pd.DataFrame(per_seed)
    return pd.concat([table, table.mean().to_frame("all").T]).rename_axis("seed").reset_index()


def tuning_table(ablation: Ablation, root: Path) -> pd.DataFrame:
    """What a choice between settings of stage 1 may look at: no test clip.

    Columns what, seeds, validation macro-F1 (English speakers, after stage 2), and stage 1's own figures afterwards:
    mean (std) over the row's runs, and what the first row has with the same seeds and left-out folds.
    """
    measured = {}
    for row in ablation.rows:
        found = [_tuned(run, root / f"{row.group}-stage1") for run in grouped(root, row.group)]
        if found:
            measured[row.label] = pd.DataFrame(found).set_index(["seed", "data"])
    first = next(iter(measured.values()), None)
    rows = []
    for label, own in measured.items():
        same = first.loc[first.index.intersection(own.index)]
        cells = {
            name: mean_std(own[name]) if own is first else f"{mean_std(own[name])}, not {mean_std(same[name])}"
            for name in own
        }
        rows.append({"what": label, "seeds": own.index.unique("seed").size} | cells)
    return pd.DataFrame(rows)


def _tuned(run: Run, stage1: Path) -> dict:
    after = report(Run(stage1 / run.environment["stage1"]))["after"]
    validation = scores(run.predictions.query("part == 'validation'"))["macro_f1"]
    cell = {"seed": run.config["config"]["seed"], "data": run.config["inputs"]["data"]}
    return cell | {"validation macro-F1": validation} | {what: after[name] for name, what in STAGE1_FIGURES.items()}


def missing(ablation: Ablation, root: Path) -> list[Row]:
    """The rows without stored runs."""
    return [row for row in ablation.rows if rows_of(row, root).empty]


def paper_table2(root: Path) -> pd.DataFrame:
    """Gong et al. 2025, Table 2: confusion of the contrastive model on EMO-DB less the baseline's, in points."""
    return pd.read_csv(root / "paper" / "gong2025_table2.csv")


def confusion_kinds(tables: Mapping[str, pd.DataFrame], resamples: int = 1000) -> pd.DataFrame:
    """Mean confusion of the pairs that share arousal, valence or neither, one row a method and corpus.

    Cells "0.21 [0.15, 0.28]"; "arousal - rest" is the difference from the pairs that do not share arousal.
    """
    kinds = {kind: comparison.mean_share(kind) for kind in ("arousal", "valence", "neither")}
    rest = lambda counts: (kinds["valence"](counts) + 3 * kinds["neither"](counts)) / 4  # noqa: E731 (one pair, three)
    metrics = kinds | {"arousal - rest": lambda counts: kinds["arousal"](counts) - rest(counts)}
    rows = []
    for method, table in tables.items():
        for (corpus, language), judged in table.groupby(["corpus", "language"]):
            found = statistics.estimate(judged, metrics=metrics, resamples=resamples)
            cells = {row["metric"]: statistics.in_words(row, 2, sign=False) for row in found.to_dict("records")}
            rows.append({"method": method, "corpus": corpus, "language": language} | cells)
    return pd.DataFrame(rows)
