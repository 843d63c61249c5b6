"""Who a model works for: scores by gender and speaker, and what a gap between genders is made of."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from sernb.data.grouping import each_method
from sernb.evaluation import uncertainty
from sernb.evaluation.comparison import common
from sernb.evaluation.counts import SCORES, Counts, Metric, accuracy, macro_f1, ratio, recall
from sernb.evaluation.predictions import predicted
from sernb.labels import EMOTIONS

GENDERS = ("female", "male")


def by_gender(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Scores of each gender with intervals.

    Args:
        tables: method -> predictions of its runs, from `comparison.pooled`.

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
            metrics = SCORES | {"macro_f1": macro_f1_present}
            rows += [about | row for row in uncertainty.estimate(judged, metrics=metrics).to_dict("records")]
    return pd.DataFrame(rows)


def macro_f1_present(counts: np.ndarray) -> np.ndarray:
    """Mean F1 of the classes that occur; equals macro-F1 where all four do."""
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    f1 = ratio(2 * right, counts.sum(-1) + counts.sum(-2))
    occurs = counts.sum(-1) > 0
    return ratio(np.where(occurs, np.nan_to_num(f1), 0).sum(-1), occurs.sum(-1))


def gaps(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Women's accuracy less men's, with its interval; one row per method and corpus that holds both."""
    rows = []
    for about, judged in each_method(tables):
        if set(GENDERS) <= set(judged["gender"].dropna()):
            found = uncertainty.gap(judged, "gender", *GENDERS, metrics={"accuracy": accuracy})
            (row,) = found.to_dict("records")
            rows.append(about | row)
    return pd.DataFrame(rows)


def gap_change(method: pd.DataFrame, baseline: pd.DataFrame, metric: Metric = accuracy) -> dict[str, float]:
    """How a method changes the gap (women less men) over the same clips and seeds: value, low, high."""
    tables = {
        f"{who} {gender}": table[table["gender"] == gender]
        for who, table in (("method", method), ("baseline", baseline))
        for gender in GENDERS
    }
    weights = {"method female": 1, "method male": -1, "baseline female": -1, "baseline male": 1}
    (row,) = uncertainty.contrast(tables, weights, {"gap": metric}).to_dict("records")
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
        counts = Counts.of({gender: rows}).counts[gender].sum((0, 1))  # raises where there is none
        shares[gender] = counts.sum(1) / counts.sum()
        recalls[gender] = recall(counts)
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
    for about, judged in each_method(tables):
        if set(GENDERS) <= set(judged["gender"].dropna()):
            mix, recalls = decomposition(judged).iloc[-1][["mix", "recall"]]
            rows.append(about | {"gap": mix + recalls, "mix": mix, "recall": recalls})
    return pd.DataFrame(rows)


def accuracy_by_speaker(predictions: pd.DataFrame) -> pd.DataFrame:
    """Accuracy of each speaker over all seeds, the one with most clips first.

    Columns corpus, language, speaker, gender, clips (of one seed) and accuracy.
    """
    right = predicted(predictions) == predictions["emotion"].to_numpy(object)
    groups = predictions.assign(right=right).groupby(["corpus", "language", "speaker", "gender"], dropna=False)
    table = groups.agg(clips=("utterance_id", "nunique"), accuracy=("right", "mean")).reset_index()
    return table.sort_values("clips", ascending=False, ignore_index=True)


def accuracy_page(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Accuracy in `by_gender` as "value [low, high]": a row per corpus and method, a column per gender."""
    return _wide(by_gender(tables).query("metric == 'accuracy'"), "gender")


def equal_speakers(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Plain scores beside those in which every speaker counts the same; one row per method, corpus and metric."""
    rows = []
    for about, judged in each_method(tables):
        for counted, equal in (("each clip the same", False), ("each speaker the same", True)):
            found = uncertainty.estimate(judged, equal_speakers=equal)
            rows += [about | {"counted": counted} | row for row in found.to_dict("records")]
    return pd.DataFrame(rows)


def equal_speakers_page(tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Macro-F1 in `equal_speakers` as "value [low, high]": a row per corpus and method."""
    chosen = equal_speakers(tables).query("metric == 'macro_f1'")
    return _wide(chosen, "counted")


def class_mix(predictions: pd.DataFrame) -> pd.DataFrame:
    """Clips of each class by corpus and gender, each clip once: one row per corpus and gender.

    Beside the counts stand the speakers, and `right by speaker alone` (see `right_by_speaker_alone`).
    """
    clips = predictions.drop_duplicates(["corpus", "utterance_id"])
    keys = ["language", "corpus", "gender"]
    groups = clips.groupby(keys, dropna=False)
    counts = groups["emotion"].value_counts().unstack(fill_value=0).reindex(columns=list(EMOTIONS), fill_value=0)
    share = pd.Series({key: right_by_speaker_alone(rows) for key, rows in groups}, name="right by speaker alone")
    table = groups["speaker"].nunique().rename("speakers").to_frame().join(counts).reset_index()
    return table.assign(**{share.name: share.to_numpy()})


def right_by_speaker_alone(clips: pd.DataFrame) -> float:
    """Share of clips named right by who speaks alone: those in their speaker's most frequent class.

    Near 1, nearly everybody was recorded in one emotion only: then whatever tells speakers apart tells emotions apart
    too, and no score on other speakers of such a corpus can separate the two.

    Args:
        clips: columns utterance_id, speaker and emotion; each clip is counted once.
    """
    once = clips.drop_duplicates("utterance_id")
    counts = pd.crosstab(once["speaker"].fillna("unknown"), once["emotion"])
    return float(counts.max(axis=1).sum() / counts.to_numpy().sum())


def changes(tables: Mapping[str, pd.DataFrame], base: pd.DataFrame) -> pd.DataFrame:
    """What each condition does to the gender gap, and to everybody, against the pool as it is.

    Args:
        tables: condition -> predictions of its runs.
        base: predictions of the runs they are compared with.

    Returns:
        One row a condition and corpus that both judged: condition, corpus, language, seeds; before and gap (women's
        accuracy less men's, of `base` and of the condition, on the clips of both); change (gap less before) and
        macro_f1 (difference from `base`), each with its interval, `_low` and `_high`.
    """
    rows = []
    for condition, table in tables.items():
        own, control = common(table, base)
        for about, judged in each_method({condition: own}, "condition"):
            before = control[control["corpus"] == about["corpus"]]
            if not set(GENDERS) <= set(judged["gender"].dropna()):
                continue
            macro = uncertainty.difference(judged, before, metrics={"macro_f1": macro_f1}).iloc[0]
            row = about | {"seeds": judged["seed"].nunique(), "before": _gap(before), "gap": _gap(judged)}
            for name, found in (("change", gap_change(judged, before)), ("macro_f1", macro)):
                row |= {name: found["value"], f"{name}_low": found["low"], f"{name}_high": found["high"]}
            rows.append(row)
    return pd.DataFrame(rows)


def remedies(tables: Mapping[str, pd.DataFrame], base: pd.DataFrame) -> pd.DataFrame:
    """`changes` for a page: change and macro-F1 as "value [low, high]"."""
    return changes_page(changes(tables, base))


def changes_page(found: pd.DataFrame) -> pd.DataFrame:
    """Rows of `changes` with change and macro-F1 as "value [low, high]"."""
    if found.empty:
        return found
    page = found[["condition", "corpus", "language", "seeds", "before", "gap"]].copy()
    for column, name in (("change", "change"), ("macro_f1", "macro-F1")):
        known = zip(found[column], found[f"{column}_low"], found[f"{column}_high"], strict=True)
        page[name] = [uncertainty.in_words(dict(zip(("value", "low", "high"), row, strict=True))) for row in known]
    return page


def _wide(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """value, low and high in words, a column for each value of `column`."""
    worded = uncertainty.worded(rows, "score", 2, sign=False)
    return worded.pivot(index=["corpus", "method"], columns=column, values="score").reset_index()


def _gap(predictions: pd.DataFrame) -> float:
    right = pd.Series(predicted(predictions) == predictions["emotion"].to_numpy(object))
    accuracy = right.groupby(predictions["gender"].to_numpy(object)).mean()
    return float(accuracy["female"] - accuracy["male"])


def paper_gender(root: Path) -> pd.DataFrame:
    """Gong et al. 2025, section 4.1: accuracy on URDU, one row per method, with women's less men's as `gap`."""
    table = pd.read_csv(root / "paper" / "gong2025_gender.csv")
    wide = table.pivot(index="method", columns="gender", values="accuracy").loc[["baseline", "contrastive", "byol"]]
    return wide.assign(gap=wide["female"] - wide["male"]).reset_index().rename_axis(columns=None)
