"""Who a model works for: scores by gender and speaker, and what a gap between genders is made of."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from sernb import statistics
from sernb.comparison import common
from sernb.labels import EMOTIONS
from sernb.statistics import ratio

GENDERS = ("female", "male")


def by_gender(tables: Mapping[str, pd.DataFrame], resamples: int = statistics.RESAMPLES) -> pd.DataFrame:
    """Scores of each gender with intervals.

    Args:
        tables: method -> predictions of its runs, from `comparison.pooled`.
        resamples: redraws of each interval.

    Returns:
        One row a method, corpus, gender and metric: method, corpus, language, gender, clips, speakers, metric, value,
        low, high. UAR and macro-F1 of a gender without clips of some class leave that class out (macro-F1 counts it
        only where it is named), so that they don't compare with the other gender's.
    """
    rows = []
    for method, table in tables.items():
        known = table[table["gender"].isin(GENDERS)]
        for (corpus, language, gender), judged in known.groupby(["corpus", "language", "gender"]):
            about = {
                "method": method,
                "corpus": corpus,
                "language": language,
                "gender": gender,
                "clips": judged["utterance_id"].nunique(),
                "speakers": judged["speaker"].nunique(),
            }
            metrics = statistics.SCORES | {"macro_f1": macro_f1_present}
            rows += [
                about | row
                for row in statistics.estimate(judged, metrics=metrics, resamples=resamples).to_dict("records")
            ]
    return pd.DataFrame(rows)


def macro_f1_present(counts: np.ndarray) -> np.ndarray:
    """Mean F1 of the classes that occur; equals macro-F1 where all four do."""
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    f1 = ratio(2 * right, counts.sum(-1) + counts.sum(-2))
    occurs = counts.sum(-1) > 0
    return ratio(np.where(occurs, np.nan_to_num(f1), 0).sum(-1), occurs.sum(-1))


def gaps(tables: Mapping[str, pd.DataFrame], resamples: int = statistics.RESAMPLES) -> pd.DataFrame:
    """Women's accuracy less men's, with its interval; one row a method and corpus that holds both."""
    rows = []
    for method, table in tables.items():
        for (corpus, language), judged in table.groupby(["corpus", "language"]):
            if set(GENDERS) <= set(judged["gender"].dropna()):
                chosen = {"accuracy": statistics.accuracy}
                found = statistics.gap(judged, "gender", *GENDERS, metrics=chosen, resamples=resamples)
                (row,) = found.to_dict("records")
                rows.append({"method": method, "corpus": corpus, "language": language} | row)
    return pd.DataFrame(rows)


def gap_change(
    method: pd.DataFrame,
    baseline: pd.DataFrame,
    metric: statistics.Metric = statistics.accuracy,
    resamples: int = statistics.RESAMPLES,
) -> dict[str, float]:
    """How a method changes the gap (women less men) over the same clips and seeds: value, low, high."""
    tables = {
        f"{who} {gender}": table[table["gender"] == gender]
        for who, table in (("method", method), ("baseline", baseline))
        for gender in GENDERS
    }
    weights = {"method female": 1, "method male": -1, "baseline female": -1, "baseline male": 1}
    (row,) = statistics.contrast(tables, weights, {"gap": metric}, resamples=resamples).to_dict("records")
    return {name: row[name] for name in ("value", "low", "high")}


def decomposition(predictions: pd.DataFrame) -> pd.DataFrame:
    """What the gap in accuracy (women less men) is made of: which classes they have, and how well each is recognised.

    Accuracy is the sum over classes of share of clips times recall, and a difference of two such sums parts exactly
    into one of shares and one of recalls (Kitagawa 1955). A class that one gender has no clip of says nothing of
    recall: all its part counts as class mix.

    Args:
        predictions: of one corpus, both genders.

    Returns:
        One row a class and "all": share_female, share_male, recall_female, recall_male, mix, recall; over classes mix
        and recall add up to the gap.

    Raises:
        ValueError: a gender has no clip.
    """
    shares, recalls = {}, {}
    for gender in GENDERS:
        rows = predictions[predictions["gender"] == gender]
        cells = statistics.Cells.of({gender: rows})  # raises where there is none
        counts = cells.counts[gender].sum(0)
        shares[gender] = counts.sum(1) / counts.sum()
        recalls[gender] = statistics.recall(counts)
    (women, men), (recall_women, recall_men) = (list(part.values()) for part in (shares, recalls))
    filled_women = np.nan_to_num(np.where(np.isnan(recall_women), recall_men, recall_women))
    filled_men = np.nan_to_num(np.where(np.isnan(recall_men), filled_women, recall_men))
    table = pd.DataFrame(
        {
            "emotion": EMOTIONS,
            "share_female": women,
            "share_male": men,
            "recall_female": recall_women,
            "recall_male": recall_men,
            "mix": (women - men) * (filled_women + filled_men) / 2,
            "recall": (filled_women - filled_men) * (women + men) / 2,
        }
    )
    total = {"emotion": "all", "mix": table["mix"].sum(), "recall": table["recall"].sum()}
    return pd.concat([table, pd.DataFrame([total])], ignore_index=True)


def decompositions(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The gap of each method and corpus and its two parts: method, corpus, language, gap, mix, recall."""
    rows = []
    for method, table in tables.items():
        for (corpus, language), judged in table.groupby(["corpus", "language"]):
            if set(GENDERS) <= set(judged["gender"].dropna()):
                total = decomposition(judged).iloc[-1]
                rows.append(
                    {
                        "method": method,
                        "corpus": corpus,
                        "language": language,
                        "gap": total["mix"] + total["recall"],
                        "mix": total["mix"],
                        "recall": total["recall"],
                    }
                )
    return pd.DataFrame(rows)


def speaker_scores(predictions: pd.DataFrame) -> pd.DataFrame:
    """Accuracy of each speaker over all seeds, the one with most clips first.

    Columns corpus, language, speaker, gender, clips (of one seed) and accuracy.
    """
    right = statistics.predicted(predictions) == predictions["emotion"].to_numpy(object)
    groups = predictions.assign(right=right).groupby(["corpus", "language", "speaker", "gender"], dropna=False)
    table = groups.agg(clips=("utterance_id", "nunique"), accuracy=("right", "mean")).reset_index()
    return table.sort_values("clips", ascending=False, ignore_index=True)


def equal_speakers(tables: Mapping[str, pd.DataFrame], resamples: int = statistics.RESAMPLES) -> pd.DataFrame:
    """Plain scores beside those in which every speaker counts the same; one row a method, corpus and metric."""
    rows = []
    for method, table in tables.items():
        for (corpus, language), judged in table.groupby(["corpus", "language"]):
            for counted, equal in (("each clip the same", False), ("each speaker the same", True)):
                found = statistics.estimate(judged, equal_speakers=equal, resamples=resamples)
                about = {"method": method, "corpus": corpus, "language": language, "counted": counted}
                rows += [about | row for row in found.to_dict("records")]
    return pd.DataFrame(rows)


def class_mix(predictions: pd.DataFrame) -> pd.DataFrame:
    """Clips of each class by corpus and gender, each clip once: one row a corpus and gender.

    Beside the counts stand the speakers, and `told by speaker` (see `told_by_speaker`).
    """
    clips = predictions.drop_duplicates(["corpus", "utterance_id"])
    keys = ["language", "corpus", "gender"]
    groups = clips.groupby(keys, dropna=False)
    counts = groups["emotion"].value_counts().unstack(fill_value=0).reindex(columns=list(EMOTIONS), fill_value=0)
    told = pd.Series({key: told_by_speaker(rows) for key, rows in groups}, name="told by speaker")
    table = groups["speaker"].nunique().rename("speakers").to_frame().join(counts).reset_index()
    return table.assign(**{told.name: told.to_numpy()})


def told_by_speaker(clips: pd.DataFrame) -> float:
    """Share of clips named right by who speaks alone: those in their speaker's most frequent class.

    Near 1, nearly everybody was recorded in one emotion only: then whatever tells speakers apart tells emotions apart
    too, and no score on other speakers of such a corpus can separate the two.

    Args:
        clips: columns utterance_id, speaker and emotion; each clip is counted once.
    """
    once = clips.drop_duplicates("utterance_id")
    counts = pd.crosstab(once["speaker"].fillna("unknown"), once["emotion"])
    return float(counts.max(axis=1).sum() / counts.to_numpy().sum())


def remedies(
    tables: Mapping[str, pd.DataFrame], base: pd.DataFrame, resamples: int = statistics.RESAMPLES
) -> pd.DataFrame:
    """What each condition does to the gender gap, and to everybody, against the pool as it is.

    Args:
        tables: condition -> predictions of its runs.
        base: predictions of the runs they are compared with.
        resamples: redraws of each interval.

    Returns:
        One row a condition and corpus that both judged: condition, corpus, language, seeds, before and gap (women's
        accuracy less men's, of `base` and of the condition, on the clips and seeds of both), then "value [low, high]"
        of change (gap less before) and macro-F1 (difference from `base`).
    """
    rows = []
    for condition, table in tables.items():
        own, control = common(table, base)
        for (corpus, language), judged in own.groupby(["corpus", "language"]):
            before = control[control["corpus"] == corpus]
            if not set(GENDERS) <= set(judged["gender"].dropna()):
                continue
            macro = statistics.difference(
                judged, before, metrics={"macro_f1": statistics.macro_f1}, resamples=resamples
            )
            rows.append(
                {
                    "condition": condition,
                    "corpus": corpus,
                    "language": language,
                    "seeds": judged["seed"].nunique(),
                    "before": _gap(before),
                    "gap": _gap(judged),
                    "change": statistics.in_words(gap_change(judged, before, resamples=resamples)),
                    "macro-F1": statistics.in_words(macro.iloc[0].to_dict()),
                }
            )
    return pd.DataFrame(rows)


def _gap(predictions: pd.DataFrame) -> float:
    right = pd.Series(statistics.predicted(predictions) == predictions["emotion"].to_numpy(object))
    accuracy = right.groupby(predictions["gender"].to_numpy(object)).mean()
    return float(accuracy["female"] - accuracy["male"])


def narrowest(changes: pd.DataFrame) -> pd.DataFrame:
    """The row of `remedies` that leaves each corpus the narrowest gap; "nothing narrows it" where none does.

    Of conditions with fewer seeds than others, none is named: their gaps are those of fewer speakers.
    """
    found = []
    for _, rows in _all_seeds(changes).groupby("corpus"):
        best = rows.loc[rows["gap"].abs().idxmin()].to_dict()
        if abs(best["gap"]) >= abs(best["before"]):
            best |= {"condition": "nothing narrows it", "gap": best["before"], "change": "", "macro-F1": ""}
        found.append(best)
    return pd.DataFrame(found)


def closed(changes: pd.DataFrame) -> pd.Series:
    """How much narrower each condition of `remedies` makes the gap, mean over corpora, the most helpful first.

    As in `narrowest`, conditions with fewer seeds than others are left out.
    """
    whole = _all_seeds(changes)
    narrower = (whole["before"].abs() - whole["gap"].abs()).groupby(whole["condition"], sort=False).mean()
    return narrower.sort_values(ascending=False)


def _all_seeds(changes: pd.DataFrame) -> pd.DataFrame:
    return changes[changes["seeds"] == changes["seeds"].max()]


def paper_gender(root: Path) -> pd.DataFrame:
    """Gong et al. 2025, section 4.1: accuracy on URDU, one row a method, with women's less men's as `gap`."""
    table = pd.read_csv(root / "paper" / "gong2025_gender.csv")
    wide = table.pivot(index="method", columns="gender", values="accuracy").loc[["baseline", "contrastive", "byol"]]
    return wide.assign(gap=wide["female"] - wide["male"]).reset_index().rename_axis(columns=None)
