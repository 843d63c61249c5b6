"""The reference runs: training on real speech, stored without weights so that every figure can be recomputed."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sernb.data.files import read_table
from sernb.data.shipped import RESULTS
from sernb.evaluation import bias, comparison, uncertainty
from sernb.evaluation.predictions import METRICS, scores_by
from sernb.experiments.conditions import CONDITIONS, condition_group, stored_groups
from sernb.experiments.stored import open_stored
from sernb.experiments.transfer_scores import SCORES_FILE, printed
from sernb.results import ablations, cost, findings, selection, self_training, sentences, variants
from sernb.results.ladder import every_rung, gain_over_baseline
from sernb.results.mixed_ensembles import mixture_table
from sernb.results.throughput import stored_speeds
from sernb.runs import Run, days

FOLDER = RESULTS
POOL_AS_IT_IS = condition_group("contrastive", "as-it-is")
"""Group of the stored runs that those with changed pools are compared with."""
SPEED = ["encoder", "device", "precision", "method", "clips_per_s", "stock_clips_per_s"]


def stored(group: str, root: Path = FOLDER) -> list[Run]:
    """The reference runs of a group ("baseline"), sorted by seed.

    Raises:
        FileNotFoundError: no run of that group is stored.
    """
    runs = open_stored(root).group(group)
    if not runs:
        raise FileNotFoundError(
            f"{root} holds no run of the group {group}; make one with `sernb train --keep {root} --group {group}`"
        )
    return runs


def scores_of_runs(runs: list[Run], part: str = "test") -> pd.DataFrame:
    """Scores of each run on each corpus, one row a run and corpus."""
    rows = []
    for run in runs:
        predictions = run.predictions
        scored = scores_by(predictions[predictions["part"] == part], "corpus", "language")
        rows.append(scored.assign(seed=run.config["config"]["seed"]))
    return pd.concat(rows, ignore_index=True)


def english_validation(group: str, root: Path = FOLDER) -> pd.DataFrame:
    """Macro-F1 on English validation speakers of the baseline and of a method, the mean over the seeds of both."""
    seeds = {
        findings.METHODS[name]: scores_of_runs(stored(name, root), "validation").groupby(["seed", "corpus"])["macro_f1"]
        for name in ("baseline", group)
    }
    both = pd.DataFrame({method: scored.mean() for method, scored in seeds.items()}).dropna()
    return both.groupby("corpus").mean().reset_index()


def over_seeds(scored: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over seeds of each corpus's scores, columns (metric, mean | std)."""
    return scored.groupby(["corpus", "language"])[list(METRICS)].agg(["mean", "std"])


@dataclass(frozen=True)
class Report:
    """What results/README.md shows, sentences first, then each table under its heading; and the README's findings."""

    findings: list[str]
    sentences: list[str]
    tables: dict[str, pd.DataFrame]


def whole_report(root: Path = FOLDER) -> Report:
    """Everything that is said of the stored runs as a whole, computed from them.

    Raises:
        FileNotFoundError: no baseline is stored, with which all others are compared.
    """
    stored("baseline", root)
    runs = findings.runs_by_method(root)
    tables = {name: comparison.pooled(own) for name, own in runs.items()}
    others = {name: table for name, table in tables.items() if name != "baseline"}
    differences = comparison.differences(others, tables["baseline"])
    gains, alike, gaps = variants.gain_rows(root), variants.alike_rows(root), variants.gap_rows(root)
    genders, taught = gender_changes(root), self_training.gains(root)
    said = [
        sentences.provenance(open_stored(root).runs),
        sentences.judgements_sentence(findings.judgement_counts(tables)),
        *sentences.gain_sentences(differences),
        sentences.brought_without_method(gains),
        *sentences.gains_over_alike_baseline(alike),
        *sentences.gender_gap_sentences(gaps),
        *(selection.choice_sentences(root) if (root / selection.SELECTION_FILE).exists() else ()),
        *self_training.said(taught, root),
    ]
    tables_of_ablations = {
        f"{question} Macro-F1, mean (std) over rounds; difference [95 % interval]": table
        for question, table in ablation_pages(root).items()
    }
    if len(genders):
        said.append(sentences.gender_change_sentence(genders))
        tables_of_ablations["Contrastive learning, speakers balanced by gender: accuracy, macro-F1"] = (
            bias.changes_page(genders)
        )
    place = runs["baseline"][0].environment
    seeds = ", ".join(f"{table['seed'].nunique()} of {name}" for name, table in tables.items())
    when = days(run for own in runs.values() for run in own)
    about = f"{place['encoder']}, seeds: {seeds}; {place['gpu'] or place['processor']}, {when}"
    shown = {
        "Three methods beside the paper's: mean (std) over five runs in the paper, over rounds here, each of which "
        f"judges every clip once ({about}). English by runs that hold RAVDESS out": findings.table1(
            findings.with_english_row(tables, root), findings.paper_table1(root)
        ),
        "Each method and the plain baseline on the same clips: difference in macro-F1 [95 % interval]": (
            difference_page(differences)
        ),
        "Method and baseline on the same left-out folds, mean (std) over seeds": paired_scores(root),
        "Macro-F1, and gain over the plain baseline on the same clips [95 % interval over speakers and runs]": (
            variants.variants_page(gains)
        ),
        "Macro-F1 over a baseline of the same weights and statistics [95 % interval]": variants.variants_page(alike),
        "Ensembles of models that differ, target statistics: macro-F1 [95 % interval over speakers]": mixture_table(
            root
        ),
        **self_training_pages(taught, root),
        "Accuracy of women less that of men [95 % interval]": variants.variants_page(gaps),
        "Stage 1 alone, mean (std) over runs, one per seed and left-out fold": stored_stage1(root),
        "Training throughput, augmentation included, against the same step written the stock way (30 s, fp32)": (
            stored_speeds(root)[[*SPEED, "ratio", "share_of_square"]]
        ),
        "What a run takes": cost_page(root),
        **tables_of_ablations,
        "What a speaker leak is worth: frozen embeddings, logistic regression, macro-F1": leak_page(root),
        "Continuous metric learning, no further training on the target, value [95 % interval]": transfer_page(root),
    }
    return Report(sentences.three_findings(every_rung(root), gain_over_baseline(root)), said, shown)


def mean_std_table(summary: pd.DataFrame) -> pd.DataFrame:
    """Columns (metric, mean | std) -> one text column a metric, "0.547 (0.036)", as the papers print it."""
    text = {
        metric: summary[metric].apply(lambda row: f"{row['mean']:.3f} ({row['std']:.3f})", axis=1)
        for metric in summary.columns.unique(level=0)
    }
    return pd.DataFrame(text).reset_index()


def difference_page(differences: pd.DataFrame) -> pd.DataFrame:
    """Where each method gains over the plain baseline, and whether the interval excludes zero.

    Args:
        differences: from `comparison.differences`.

    Returns:
        Columns method, corpus, clips, speakers, runs, baseline runs, baseline, score, difference, bootstrap (the same
        interval by redrawing) and excludes zero.
    """
    found = uncertainty.worded(differences, "difference")
    drawn = [f"[{row.bootstrap_low:+.3f}, {row.bootstrap_high:+.3f}]" for row in differences.itertuples()]
    excludes = found["excludes_zero"].map({True: "yes", False: "no"})
    named = found.assign(**{"bootstrap": drawn, "excludes zero": excludes})
    named = named.rename(columns={"baseline_runs": "baseline runs"})
    columns = ["method", "corpus", "clips", "speakers", "runs", "baseline runs", "baseline", "score", "difference"]
    return named[[*columns, "bootstrap", "excludes zero"]]


def gender_changes(root: Path = FOLDER) -> pd.DataFrame:
    """What each stored condition of `sernb pool` does to the gender gap and to macro-F1: `bias.changes`."""
    places = stored_groups(root, "contrastive")
    groups = {what: comparison.pooled(findings.runs_of_group(root, group)) for what, group in places.items()}
    as_it_is = groups.pop(CONDITIONS["as-it-is"].what, None)
    return bias.changes(groups, as_it_is) if groups and as_it_is is not None else pd.DataFrame()


def ablation_pages(root: Path = FOLDER) -> dict[str, pd.DataFrame]:
    """The ablations that compare runs, by their question; variants of one run are in `variants.gain_rows`."""
    asked = [one for one in ablations.all_ablations().values() if len({row.group for row in one.rows}) > 1]
    tables = {one.question: ablations.ablation_table(one, root) for one in asked}
    return {question: ablations.ablation_page(table) for question, table in tables.items() if len(table)}


def cost_page(root: Path = FOLDER) -> pd.DataFrame:
    """Median minutes of a run, and the hours of all of them, for each method's stored runs."""
    table = cost.cost_by_method(findings.runs_by_method(root)).drop(columns="parameters")
    return table.assign(**{"hours of all": table["runs"] * table["minutes"] / 60})


def self_training_pages(gains: pd.DataFrame, root: Path = FOLDER) -> dict[str, pd.DataFrame]:
    """What self-training brings, of `self_training.gains`, and how English chose the way; each where it is stored."""
    choice = root / self_training.CHOICE_FILE
    pages = {}
    if len(gains):
        pages["A head taught by the model's own names, target statistics: macro-F1, gain [95 % interval]"] = (
            self_training.gains_page(gains)
        )
    if choice.exists():
        pages["The best ways to teach it, judged by English corpora that the model never heard: macro-F1"] = (
            self_training.choices_page(read_table(choice))
        )
    return pages


def paired_scores(root: Path = FOLDER) -> pd.DataFrame:
    """Each method and the baseline on the same left-out folds under the same seeds: mean (std) over seeds.

    Columns corpus, language, method, the three metrics, and `gain`, the macro-F1 it has over the baseline.
    """
    rows = []
    for group, name in findings.METHODS.items():
        if group == "baseline":
            continue
        compared = comparison.against(stored("baseline", root), stored(group, root))
        gains = comparison.gains(compared).set_index("corpus")
        for who, label in (("baseline", f"baseline, beside {name}"), ("method", name)):
            text = mean_std_table(over_seeds(compared[compared["who"] == who]))
            gained = [
                f"{gains.at[corpus, 'macro_f1_gain']:+.3f} ({gains.at[corpus, 'macro_f1_std']:.3f})"
                for corpus in text["corpus"]
            ]
            rows.append(text.assign(method=label, gain=gained if who == "method" else "", seeds=gains["seeds"].max()))
    columns = ["corpus", "language", "method", *METRICS, "gain", "seeds"]
    return pd.concat(rows).sort_values("corpus", kind="stable", ignore_index=True)[columns]


def stored_stage1(root: Path = FOLDER) -> pd.DataFrame:
    """What the first contrastive stage did, before and after it: mean (std) over its runs."""
    return findings.stage1_table(stored("contrastive-stage1", root))


def leak_page(root: Path = FOLDER) -> pd.DataFrame:
    """Macro-F1 of the leak probe per corpus, over both kinds of folds."""
    scored = pd.concat([scores_by(run.predictions, "corpus", "part") for run in stored("leak", root)])
    return scored.pivot(index="corpus", columns="part", values="macro_f1").reset_index().rename_axis(columns=None)


def transfer_page(root: Path = FOLDER) -> pd.DataFrame:
    """Transfer of Das et al. 2022 with the published settings: accuracy, and Pearson correlation with both scales."""
    scored = read_table(root / SCORES_FILE)
    methods = ["plain DAE", "metric DAE, joint", "Whisper, frozen"]
    shown = scored[
        (scored["folds"] == "speaker")
        & (scored["setting"] == "published")
        & (scored["unlabelled"] == "none")
        & (scored["statistics"] == "source")
        & (scored["source"] != scored["language"])
        & scored["method"].isin(methods)
    ]
    columns = ["accuracy", "activation_r", "valence_r"]
    return printed(shown, columns)[["source", "corpus", "method", *columns]].rename_axis(columns=None)
