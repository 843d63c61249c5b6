"""What the stored runs say, in sentences: who gains, what is left of it, whose gap is how wide, and what moves it."""

from collections.abc import Iterator, Sequence

import pandas as pd

from sernb.evaluation import uncertainty
from sernb.labels import EMOTIONS
from sernb.languages import language_name
from sernb.results.ladder import OWN_NAMES, STEPS
from sernb.results.variants import WEIGHTS

AVERAGED = {"baseline": "averaged", "contrastive": "averaged", "BYOL": "target"}
"""The weights of each method that are an average over steps."""
TREATED_ALIKE = "a baseline with target statistics too"


def three_findings(rungs: pd.DataFrame, left: pd.DataFrame) -> list[str]:
    """What the ladder says, in plain words.

    Args:
        rungs: from `ladder.every_rung`.
        left: from `ladder.gain_over_baseline`.
    """
    base = {step: _by_language(rungs, step) for step in (*STEPS, OWN_NAMES)}
    plain, best = base[STEPS[0]], base[STEPS[3]] if len(base[STEPS[3]]) else base[STEPS[2]]
    fair = left[left["step"] == STEPS[2]]
    taught = base[OWN_NAMES]
    own = f"; where its heads also learn the models' own names, {_listed(taught)}" if len(taught) else ""
    better = "every language" if (best > plain).all() else f"{(best > plain).sum()} of {len(best)} languages"
    return [
        "**Emotion learnt in English carries over, and how much is lost depends on the language.** Without a label of "
        f"the target language the baseline reaches a macro-F1 of {_listed(plain)}; chance is {1 / len(EMOTIONS):.2f}.",
        f"**In {better}, part of that loss is won back without a label.** With averaged weights, the language's own "
        f"mean and deviation, and an ensemble of seeds, the baseline reaches {_listed(best)}{own}.",
        "**What a method adds has to be judged beside a baseline that gets the same help.** If both have averaged "
        f"weights and the language's own statistics, macro-F1 changes by {_ranges(fair)}, depending on the language. "
        + intervals_off_zero(fair, TREATED_ALIKE),
    ]


def _by_language(rungs: pd.DataFrame, step: str) -> pd.Series:
    """The baseline's macro-F1 at one step, by language, the lowest first."""
    rows = rungs[(rungs["step"] == step) & (rungs["method"] == "baseline")]
    return rows.set_index("language")["value"].sort_values()


def _listed(values: pd.Series) -> str:
    return listed([f"{value:.2f} in {language_name(str(code))}" for code, value in values.items()])


def listed(words: Sequence[str]) -> str:
    """One after the other, with commas and an "and" before the last."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _ranges(left: pd.DataFrame) -> str:
    """What each method has over the baseline in points, from the worst language to the best."""
    return " and ".join(
        f"{100 * gains.min():+.1f} to {100 * gains.max():+.1f} points with "
        f"{str(method).replace('contrastive', 'contrastive learning')}"
        for method, gains in left.groupby("method", sort=False)["value"]
    )


def intervals_off_zero(rows: pd.DataFrame, control: str) -> str:
    """How many differences between the methods and a control have an interval that excludes zero, and which."""
    chosen = rows[(rows["low"] > 0) | (rows["high"] < 0)].to_dict("records")
    which = "; ".join(
        f"{row['method']} in {language_name(row['language'])}, {uncertainty.in_words(row)}" for row in chosen
    )
    those = "It is" if len(chosen) == 1 else "They are"
    return (
        f"Of {len(rows)} differences in macro-F1 between {' or '.join(rows['method'].unique())} and {control}, "
        f"{len(chosen)} {'has' if len(chosen) == 1 else 'have'} a 95 % interval that leaves out zero; by chance alone "
        f"one would expect about {(1 - uncertainty.LEVEL) * len(rows):.1f}{f'. {those} {which}' if which else ''}."
    )


def provenance(runs: pd.DataFrame) -> str:
    """How many trainings are stored, and when they were made; of the table of runs."""
    trained = runs.drop_duplicates("run").dropna(subset="steps")
    days = " to ".join(dict.fromkeys([trained["date"].min(), trained["date"].max()]))
    return f"{len(trained)} runs are stored, first stages among them; they were made {days}."


def judgements_sentence(coverage: pd.DataFrame) -> str:
    """How often each method judged each clip; from `findings.judgement_counts`."""
    said = []
    for method, rows in coverage.groupby("method", sort=False):
        times = sorted({f"{times:g}" for times in rows["judgements per clip"]})
        said.append(f"{method} {' to '.join(times)} times ({rows['seeds'].max()} seeds)")
    return f"How often each target clip was judged: {', '.join(said)}."


def gain_sentences(differences: pd.DataFrame) -> Iterator[str]:
    """What each method gains in each language, the best first, and what is left after correction for their number.

    Args:
        differences: from `comparison.differences`.
    """
    for (language, corpus), rows in differences.groupby(["language", "corpus"], sort=False):
        said = [
            f"{row['method']} {uncertainty.in_words(row)}, which {'excludes' if row['excludes_zero'] else 'holds'} zero"
            for row in rows.sort_values("value", ascending=False).to_dict("records")
        ]
        yield f"{language_name(language)} ({corpus}), macro-F1 over the plain baseline: {'; '.join(said)}."
    tested = differences.dropna(subset="holm")
    sure = tested[tested["holm"] < 1 - uncertainty.LEVEL].to_dict("records")
    which = "; ".join(f"{row['method']} in {language_name(row['language'])}" for row in sure)
    yield (
        f"Each interval looks at one difference alone. Holm's correction for all {len(tested)} together leaves "
        f"{len(sure) or 'none'} at the level of {1 - uncertainty.LEVEL:.2f}{f': {which}' if which else ''}."
    )


def brought_without_method(rows: pd.DataFrame) -> str:
    """What target statistics bring the baseline without any method; of `variants.gain_rows`."""
    brought = by_language(averaged_and_recentred(rows, "baseline"))
    return f"The target's own statistics bring the baseline, without any method, {brought}."


def gains_over_alike_baseline(alike: pd.DataFrame) -> Iterator[str]:
    """What each method has over a baseline that is treated alike; of `variants.alike_rows`."""
    for method in alike["method"].unique():
        rows = averaged_and_recentred(alike, method)
        above, below = int((rows["low"] > 0).sum()), int((rows["high"] < 0).sum())
        yield (
            f"Over {TREATED_ALIKE}, {method} has {by_language(rows)}; of {len(rows)} intervals "
            f"{above} above zero, {below} below."
        )


def gender_gap_sentences(gaps: pd.DataFrame) -> Iterator[str]:
    """Women's accuracy less men's under each method as published; of `variants.gap_rows`."""
    own = [weights for weights, _ in WEIGHTS.values()]
    published = gaps[gaps["weights"].isin(own) & (gaps["statistics"] == "source")]
    for method, rows in published.groupby("method", sort=False):
        yield f"Women's accuracy less men's, {method}: {by_language(rows)}."


def gender_change_sentence(changes: pd.DataFrame) -> str:
    """What the speech that contrastive learning hears does to the gap, as far as intervals go.

    Args:
        changes: from `bias.changes`.
    """
    known = changes.dropna(subset="change_low")
    moved = known[(known["change_low"] > 0) | (known["change_high"] < 0)].to_dict("records")
    which = "; ".join(f"{one['condition']} in {language_name(one['language'])}, {one['change']:+.3f}" for one in moved)
    return (
        "Contrastive learning hears other speakers, or weighs them otherwise, in "
        f"{known['condition'].nunique()} ways. That moves the gap by {known['change'].min():+.3f} to "
        f"{known['change'].max():+.3f}; {len(known) - len(moved)} of {len(known)} intervals hold zero. If no way "
        f"mattered, one would expect that of about {uncertainty.LEVEL * len(known):.0f}."
        f"{f' Without zero: {which}.' if which else ''}"
    )


def averaged_and_recentred(rows: pd.DataFrame, method: str) -> pd.DataFrame:
    """Rows of `variants` for a method's averaged weights with target statistics."""
    chosen = (rows["method"] == method) & (rows["weights"] == AVERAGED[method]) & (rows["statistics"] == "target")
    return rows[chosen]


def by_language(rows: pd.DataFrame) -> str:
    """Values with their intervals, one language after the other, as `uncertainty.in_words` has them."""
    return ", ".join(
        f"{uncertainty.in_words(row)} in {language_name(row['language'])}" for row in rows.to_dict("records")
    )
