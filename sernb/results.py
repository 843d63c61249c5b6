"""The reference runs: training on real speech, stored without weights so that every figure can be recomputed."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from sernb import bias, comparison, cost, findings, statistics, summary, variants
from sernb.evaluation import METRICS, scores_by
from sernb.pools import CONDITIONS, stored_groups
from sernb.runs import EMBEDDINGS_FILE, MODEL_FOLDER, RESULTS, Run, days, predictions_file
from sernb.throughput import throughput
from sernb.transfer_scores import printed

FOLDER = RESULTS
SPEED = ["encoder", "device", "precision", "method", "clips_per_s", "stock_clips_per_s"]


def keep(run: Run, folder: Path, variants: bool = True, embeddings: bool = True) -> Path:
    """Copy a finished run into `folder`, weights left out; its first stage, if it has one, into "<folder>-stage1".

    Args:
        run: the run.
        folder: of the group it belongs to.
        variants: whether the predictions of its variants are copied too.
        embeddings: whether the test clips' embeddings are, most of a run's size.
    """
    target = folder / run.folder.name
    left_out = [
        MODEL_FOLDER,
        *([] if variants else [predictions_file("*")]),
        *([] if embeddings else [EMBEDDINGS_FILE]),
    ]
    shutil.copytree(run.folder, target, ignore=shutil.ignore_patterns(*left_out), dirs_exist_ok=True)
    first = run.environment.get("stage1")
    if first is not None:
        keep(Run(run.folder.parent / first), folder.with_name(f"{folder.name}-stage1"))
    return target


def stored(group: str, root: Path = FOLDER) -> list[Run]:
    """The reference runs of a group ("baseline"), sorted by seed.

    Raises:
        FileNotFoundError: no run of that group is stored.
    """
    runs = [Run(path.parent) for path in (root / group).glob("*/config.json")]
    if not runs:
        raise FileNotFoundError(f"no stored run in {root / group}; make one with `sernb train --keep {root / group}`")
    return sorted(runs, key=lambda run: run.config["config"]["seed"])


def table(runs: list[Run], part: str = "test") -> pd.DataFrame:
    """Scores of each run on each corpus, one row a run and corpus."""
    rows = []
    for run in runs:
        predictions = run.predictions
        scored = scores_by(predictions[predictions["part"] == part], "corpus", "language")
        rows.append(scored.assign(seed=run.config["config"]["seed"]))
    return pd.concat(rows, ignore_index=True)


def over_seeds(scored: pd.DataFrame) -> pd.DataFrame:
    """Mean and standard deviation over seeds of each corpus's scores, columns (metric, mean | std)."""
    return scored.groupby(["corpus", "language"])[list(METRICS)].agg(["mean", "std"])


def paper_table(root: Path = FOLDER) -> pd.DataFrame:
    """Gong et al. 2025, Table 1: corpus, language, method, metric, mean, std (five runs each)."""
    return pd.read_csv(root / "paper" / "gong2025_table1.csv")


@dataclass(frozen=True)
class Report:
    """What the README shows: sentences first, then each table under its heading."""

    sentences: list[str]
    tables: dict[str, pd.DataFrame]


def report(root: Path = FOLDER) -> Report:
    """Everything the README says of the stored runs, computed from them."""
    runs = findings.methods(root)
    tables = {name: comparison.pooled(own) for name, own in runs.items()}
    others = {name: table for name, table in tables.items() if name != "baseline"}
    differences = comparison.differences(others, tables["baseline"])
    gains, alike, gaps = variants.gain_rows(root), variants.alike_rows(root), variants.gap_rows(root)
    genders = gender_conditions(root)
    sentences = [
        summary.judged(findings.coverage(tables)),
        *summary.gains(differences),
        summary.mends(gains),
        *summary.left_over(alike),
        *summary.gender_gaps(gaps),
    ]
    tables_of_ablations = {f"{question} Macro-F1": table for question, table in ablations(root).items()}
    if len(genders):
        sentences.append(summary.remedy(genders))
        tables_of_ablations["Contrastive learning, speakers balanced by gender: gap in accuracy, macro-F1"] = genders
        tables_of_ablations["The narrowest gap of each corpus, and what it costs"] = bias.narrowest(genders)
    place = runs["baseline"][0].environment
    seeds = ", ".join(f"{table['seed'].nunique()} of {name}" for name, table in tables.items())
    when = days(run for own in runs.values() for run in own)
    about = f"{place['encoder']}, seeds: {seeds}; {place['gpu'] or place['processor']}, {when}"
    shown = {
        f"Three methods beside the paper's, mean (std) over runs ({about})": findings.table1(tables, paper_table(root)),
        "Each method and the plain baseline on the same clips: difference in macro-F1 [95 % interval]": (
            difference_page(differences)
        ),
        "Method and baseline on the same left-out folds, mean (std) over seeds": paired(root),
        "Macro-F1, and gain over the plain baseline on the same clips [95 % interval over speakers and seeds]": (
            variants.page(gains)
        ),
        "Macro-F1 over a baseline of the same weights and statistics [95 % interval]": variants.page(alike),
        "Accuracy of women less that of men [95 % interval]": variants.page(gaps),
        "Stage 1 alone, mean (std) over runs": stage1(root),
        "Training throughput, augmentation included, against the same step written the stock way (30 s, fp32)": (
            throughput(root)[[*SPEED, "ratio", "share_of_square"]]
        ),
        "What a run takes": costs(root),
        **tables_of_ablations,
        "What a speaker leak is worth: frozen embeddings, logistic regression, macro-F1": leaks(root),
        "Continuous metric learning, no further training on the target, value [95 % interval]": metric(root),
    }
    return Report(sentences, shown)


def mean_std(summary: pd.DataFrame) -> pd.DataFrame:
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
        Columns method, corpus, clips, speakers, baseline, score, difference, p (permutation of speakers, after Holm's
        correction over languages) and excludes zero.
    """
    found = statistics.worded(differences, "difference")
    excludes = found["excludes_zero"].map({True: "yes", False: "no"})
    named = found.assign(**{"p (speakers)": found["holm_speakers"], "excludes zero": excludes})
    columns = ["method", "corpus", "clips", "speakers", "baseline", "score", "difference", "p (speakers)"]
    return named[[*columns, "excludes zero"]]


def gender_conditions(root: Path = FOLDER) -> pd.DataFrame:
    """What each stored condition of `sernb pool` does to the gender gap and to macro-F1, against the pool as it is."""
    places = stored_groups(root, "contrastive")
    groups = {what: comparison.pooled(findings.grouped(root, place.name)) for what, place in places.items()}
    as_it_is = groups.pop(CONDITIONS["as-it-is"].what)
    return bias.remedies(groups, as_it_is) if groups else pd.DataFrame()


def ablations(root: Path = FOLDER) -> dict[str, pd.DataFrame]:
    """The ablations that have runs of their own, by their question; variants of one run are in `variants.gain_rows`."""
    asked = [one for one in findings.ablations().values() if not any(row.variant for row in one.rows)]
    tables = {one.question: findings.ablation_table(one, root) for one in asked}
    return {question: findings.ablation_page(table) for question, table in tables.items() if len(table)}


def costs(root: Path = FOLDER) -> pd.DataFrame:
    """Median minutes of a run, and the hours of all of them, for each method's stored runs."""
    table = cost.costs(findings.methods(root)).drop(columns="parameters")
    return table.assign(**{"hours of all": table["runs"] * table["minutes"] / 60})


def paired(root: Path = FOLDER) -> pd.DataFrame:
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
            text = mean_std(over_seeds(compared[compared["who"] == who]))
            gained = [
                f"{gains.at[corpus, 'macro_f1_gain']:+.3f} ({gains.at[corpus, 'macro_f1_std']:.3f})"
                for corpus in text["corpus"]
            ]
            rows.append(text.assign(method=label, gain=gained if who == "method" else "", seeds=gains["seeds"].max()))
    columns = ["corpus", "language", "method", *METRICS, "gain", "seeds"]
    return pd.concat(rows).sort_values("corpus", kind="stable", ignore_index=True)[columns]


def stage1(root: Path = FOLDER) -> pd.DataFrame:
    """What the first contrastive stage did, before and after it: mean (std) over its runs."""
    return findings.stage1(stored("contrastive-stage1", root))


def leaks(root: Path = FOLDER) -> pd.DataFrame:
    """Macro-F1 of the leak probe per corpus, over both kinds of folds."""
    scored = pd.concat([scores_by(run.predictions, "corpus", "part") for run in stored("leak", root)])
    return scored.pivot(index="corpus", columns="part", values="macro_f1").reset_index().rename_axis(columns=None)


def metric(root: Path = FOLDER) -> pd.DataFrame:
    """Transfer of Das et al. 2022 with the published settings: accuracy, and Pearson correlation with both scales."""
    scored = pd.read_csv(root / "metric" / "scores.csv")
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
