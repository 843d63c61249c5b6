"""The finding a chapter opens with, in two sentences computed from the stored runs."""

from functools import cache
from pathlib import Path

import pandas as pd

from sernb.data.files import read_table
from sernb.evaluation import uncertainty
from sernb.evaluation.counts import macro_f1
from sernb.evaluation.predictions import confusion
from sernb.experiments import frozen
from sernb.experiments.layers import taught_in_english
from sernb.experiments.leak import CARELESS, DISJOINT, over_corpora
from sernb.experiments.transfer_scores import SCORES_FILE
from sernb.labels import EMOTIONS
from sernb.languages import language_name
from sernb.results import ladder, sentences, variants
from sernb.results.ladder import STEPS
from sernb.results.report import FOLDER, stored
from sernb.results.sentences import by_language

PLAIN, JOINT = "plain DAE", "metric DAE, joint"
PUBLISHED = "folds == 'speaker' and setting == 'published' and unlabelled == 'none' and source != language"


def leak_opening(judged: pd.DataFrame, clips: pd.DataFrame, root: Path = FOLDER) -> str:
    """What a careless deal of folds is worth on real speech, beside the most that a method gains anywhere.

    Args:
        judged: from `leak.over_corpora`.
        clips: the rows it judges.
        root: folder of the stored runs.
    """
    said, single, most = [], [], 0.0
    for language, rows in judged.groupby("language"):
        careless, disjoint = (_score(rows[rows["part"] == part]) for part in (CARELESS, DISJOINT))
        most = max(most, careless - disjoint)
        said.append(f"{careless:.2f} and {disjoint:.2f} in {language_name(language)}")
        classes = clips[clips["language"] == language].groupby("speaker")["emotion"].nunique()
        single.append(f"{(classes == 1).sum()} of {len(classes)} speakers in {language_name(language)}")
    gained = ladder.gain_over_baseline(root)["value"].max()
    return (
        "A simple model is judged on the same real clips twice: first with clips dealt at random, then with whole "
        f"speakers dealt. Its macro-F1 is {', '.join(said)}. So a leak is worth up to {100 * most:.1f} points of 100; "
        f"the most that a method of this book gains over a baseline that is treated alike is {100 * gained:.1f}. "
        "Knowing the voice helps most where a speaker is heard in one emotion only. That holds for "
        f"{sentences.listed(single)}."
    )


def zero_shot_opening(judged: pd.DataFrame, taught: pd.DataFrame, root: Path = FOLDER) -> str:
    """How far the baseline gets in each language, beside what its own labels give, and which class it loses most.

    Args:
        judged: test predictions of the stored baseline, from `comparison.pooled`.
        taught: those of a probe trained with each language's labels, from `leak.over_corpora`.
        root: folder of the stored runs.
    """
    said, above, lost = [], 0, []
    for language, rows in judged.groupby("language"):
        found, labels = ladder.macro_f1_interval(rows), _score(taught[taught["language"] == language])
        above += found["low"] > 1 / len(EMOTIONS)
        name, shares = language_name(language), confusion(rows)
        said.append(f"{found['value']:.2f} [{found['low']:.2f}, {found['high']:.2f}] in {name} ({labels:.2f})")
        recalls = pd.Series({emotion: shares.loc[emotion, emotion] for emotion in EMOTIONS})
        lost.append(f"{recalls.idxmin()} in {name} ({recalls.min():.0%} of its clips)")
    return (
        f"On real speech, emotion learnt in English reaches a macro-F1 of {', '.join(said)}. The number in round "
        "brackets is that of a simple model taught with the language's own labels. Chance is "
        f"{1 / len(EMOTIONS):.2f}, and "
        f"{above} of {len(said)} intervals lie above it. Recognised least is "
        f"{', '.join(lost)}."
    )


def shift_opening(root: Path = FOLDER) -> str:
    """How much of what is lost between languages re-centring wins back, frozen and fine-tuned."""
    clips, embeddings = frozen.read(root / frozen.FILE.name)
    judged = taught_in_english(clips, embeddings).query("part == 'test'")
    frozen_gains = []
    for language, rows in judged.assign(seed=0, run="probe").groupby("language"):
        by = dict(iter(rows.groupby("statistics")))
        found = uncertainty.contrast(by, {"target": 1, "source": -1}, {"macro_f1": macro_f1}).iloc[0]
        frozen_gains.append({"language": language} | found[["value", "low", "high"]].to_dict())
    steps = ladder.predictions_by_step(stored("baseline", root))
    tuned = pd.DataFrame(ladder.gain_by_language(steps[STEPS[2]], steps[STEPS[1]]))
    taught = over_corpora(clips, embeddings).query("part == @DISJOINT")
    shares = []
    for language, rows in steps[STEPS[1]].groupby("language"):
        missing = _score(taught[taught["language"] == language]) - ladder.macro_f1_interval(rows)["value"]
        won = tuned.loc[tuned["language"] == language, "value"].iloc[0]
        part = f"{won / missing:.0%}" if won < missing else "all"
        made_up = f" (re-centring makes up {part})" if missing >= 0.005 else ""
        shares.append(f"{missing:.2f} in {language_name(language)}{made_up}")
    probe = pd.DataFrame(frozen_gains)
    return (
        "It depends on the language and the model. A language's own mean and deviation change the macro-F1 of a probe "
        f"that learnt from English, on frozen embeddings, by {by_language(probe)}; {_sides(probe)}. Fine-tuned "
        f"models change by {by_language(tuned)}; {_sides(tuned)}. "
        "A simple model taught with the language's own labels lies above them by "
        f"{', '.join(shares)}."
    )


def _score(judged: pd.DataFrame) -> float:
    return ladder.macro_f1_interval(judged.assign(seed=0))["value"]


def stage1_opening(root: Path = FOLDER) -> str:
    """What stage 1 did to speakers it hadn't heard, and to emotion in English."""
    runs = stored("contrastive-stage1", root)
    reports = [run.report for run in runs]
    before, after = (pd.DataFrame([one[when] for one in reports]) for when in ("before", "after"))
    speakers = _moved(after["recall_at_1"] - before["recall_at_1"], "are easier", "are harder", "are no easier")
    emotion = _moved(
        after["emotion_macro_f1"] - before["emotion_macro_f1"], "rises a little", "falls a little", "stays where it was"
    )
    first, last = before.mean(), after.mean()
    return (
        f"After stage 1, speakers it has never heard {speakers} to tell apart: the nearest other clip is of the same "
        f"speaker for {last['recall_at_1']:.0%} of clips; before, for {first['recall_at_1']:.0%} (mean of "
        f"{len(runs)} runs on real speech). How well a linear probe, a simple classifier, "
        f"reads emotion in English {emotion}: its macro-F1 was {first['emotion_macro_f1']:.3f} before stage 1, and is "
        f"{last['emotion_macro_f1']:.3f} after it."
    )


@cache
def stored_alike_rows(root: Path = FOLDER) -> pd.DataFrame:
    """`variants.alike_rows`, read once: not to be changed."""
    return variants.alike_rows(root)


def gain_opening(method: str, root: Path = FOLDER) -> str:
    """What a method has over the baseline as published, and over a baseline that is treated alike.

    Args:
        method: as `findings.METHODS` names it.
        root: folder of the stored runs.
    """
    rows = stored_alike_rows(root)
    rows = rows[rows["method"] == method]
    plain = rows[(rows["weights"] == rows["weights"].iloc[0]) & (rows["statistics"] == "source")]
    fair = sentences.averaged_and_recentred(rows, method)
    name = {"contrastive": "Contrastive learning"}.get(method, method)
    return (
        f"**{name} {_verdict(pd.concat([plain, fair]))}.** In runs on real speech, macro-F1 differs "
        f"from the baseline's by {by_language(plain)}; {_sides(plain)}. If both models are re-centred, which brings "
        f"each corpus to the mean and deviation of English, the difference is {by_language(fair)}; {_sides(fair)}."
    )


def metric_opening(root: Path = FOLDER) -> str:
    """Das et al.'s two claims, that the metric loss improves accuracy and correlation, as the stored runs have them."""
    scores = read_table(root / SCORES_FILE)
    claims = scores.query(PUBLISHED)[lambda table: table["method"] == JOINT]

    def claim(score: str, statistics: str) -> str:
        rows = claims[(claims["score"] == score) & (claims["statistics"] == statistics)]
        rows = rows.dropna(subset="difference")
        low, high = (rows[f"difference_{end}"].to_numpy() for end in ("low", "high"))
        gained, lost = (low > 0).sum(), (high < 0).sum()
        return f"rises in {gained or 'none'} of {len(rows)} transfers and falls in {lost or 'none'}"

    return (
        f"With the metric loss on both scales, accuracy in another language {claim('accuracy', 'source')}, counting "
        f"only 95 % intervals on one side of zero. The latent's correlation with activation "
        f"{claim('activation_r', 'source')} if features are z-scored by the language learnt from, as published. It "
        f"{claim('activation_r', 'own')} if each corpus is z-scored by its own mean and deviation."
    )


def results_opening(left: pd.DataFrame, root: Path = FOLDER) -> str:
    """How many gains of the methods have an interval without zero, over the baseline alone and over one treated alike.

    Args:
        left: from `ladder.gain_over_baseline`.
        root: folder of the stored runs.
    """
    alone, alike = (left[left["step"] == step] for step in (STEPS[1], STEPS[2]))
    fair = "a baseline of the same statistics"
    said = f"{sentences.intervals_off_zero(alone, 'the baseline alone')} {sentences.intervals_off_zero(alike, fair)}"
    verdicts = "; ".join(
        f"{method.replace('contrastive', 'contrastive learning')} {_verdict(rows)}"
        for method, rows in left.groupby("method", sort=False)
    )
    return f"**{verdicts[0].upper()}{verdicts[1:]}.** In runs on real speech: o{said[1:]}"


def gender_opening(gaps: pd.DataFrame, changes: pd.DataFrame, root: Path = FOLDER) -> str:
    """What is known of the gap between women and men, and of what the speech that is heard does to it.

    Args:
        gaps: from `bias.gaps`.
        changes: from `bias.changes`.
        root: folder of the stored runs.
    """
    base = gaps[gaps["method"] == "baseline"]
    holding = int(((gaps["low"] <= 0) & (gaps["high"] >= 0)).sum())
    return (
        "Women's accuracy less men's, in runs on real speech, is "
        f"{by_language(base)} under the baseline; of {len(gaps)} intervals of all methods {holding} hold zero. "
        f"{sentences.gender_change_sentence(changes)}"
    )


def _moved(changes: pd.Series, up: str, down: str, still: str) -> str:
    """Which way a change went, if its mean is more than two standard errors from zero."""
    error = changes.std() / len(changes) ** 0.5
    if abs(changes.mean()) <= 2 * error:
        return still
    return up if changes.mean() > 0 else down


def _verdict(rows: pd.DataFrame) -> str:
    """What differences say together, by their intervals."""
    gains, loses = bool((rows["low"] > 0).any()), bool((rows["high"] < 0).any())
    return {
        (False, False): "neither gains nor loses anything that shows",
        (True, False): "gains where a difference shows",
        (False, True): "loses where a difference shows",
        (True, True): "gains in some comparisons and loses in others",
    }[gains, loses]


def _sides(rows: pd.DataFrame) -> str:
    above, below = int((rows["low"] > 0).sum()), int((rows["high"] < 0).sum())
    verb = "lies" if above < 2 else "lie"
    return f"{above or 'none'} of {len(rows)} intervals {verb} above zero, {below or 'none'} below"
