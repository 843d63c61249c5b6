"""Pictures of the chapters on harmonization, augmentation, the baseline, the shift, and one's own language.

What a picture shows is told in its alt text, so the numbers there are compared with what was planted.
"""

import re

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from stored import answers, store

from sernb.evaluation.predictions import scores
from sernb.experiments.leak import CARELESS, DISJOINT
from sernb.figures import augmentation, baseline, harmonization, ladder, own, shift
from sernb.figures.gallery import EXHIBITS, LEVELS
from sernb.labels import EMOTIONS
from sernb.results.ladder import CEILING, OWN_NAMES, STEPS


def alt(shown) -> str:
    """The description of the one image that is shown; it also has a caption and a name to link to."""
    page = BeautifulSoup(shown.data, "html.parser")
    assert page.figure["id"].startswith("fig-") and page.figcaption.get_text()
    return page.img["alt"]


def judged(right: float, seed: int = 0, **options) -> pd.DataFrame:
    return answers(np.random.default_rng(seed), right, **options)


def test_a_leak_is_the_difference_between_the_two_deals():
    deals = {CARELESS: judged(0.9), DISJOINT: judged(0.5)}
    told = alt(harmonization.leak(pd.concat(table.assign(part=part) for part, table in deals.items())))
    for part, table in deals.items():
        assert f"{scores(table)['macro_f1']:.2f} over {part.split()[0]}" in told


def test_speakers_lie_in_one_fold_or_in_many():
    clips = judged(0.5).assign(fold=lambda table: table["speaker"].str[-1].astype(int) % 4)
    told = alt(harmonization.deals(clips, np.arange(len(clips)) % 4))
    assert (
        "dealt by clip, a speaker's clips lie in 4.0" in told
        and "dealt by speaker, a speaker's clips lie in 1.0" in told
    )


def test_one_clip_of_each_class_is_of_the_speaker_with_most_classes():
    clips = judged(0.5)
    few = clips[(clips["speaker"] != "urdu/3") & (clips["emotion"] != "sad") | (clips["speaker"] == "urdu/3")]
    chosen = harmonization.one_of_each(few)
    assert list(chosen.index) == list(EMOTIONS) and set(chosen["speaker"]) == {"urdu/3"}


def test_the_strength_at_which_an_emotion_is_lost_is_named():
    rows = [
        {"augmentation": one.name, "level": level, "distance": 0.1 * number, "recognised": 0.9 - 0.1 * number}
        for one in EXHIBITS
        for number, level in enumerate(("clean", *LEVELS))
    ]
    effects = pd.DataFrame(rows)
    effects.loc[(effects["augmentation"] == "speed") & (effects["level"] == LEVELS[-1]), "recognised"] = 0.25
    told = alt(augmentation.strength(effects, "Planted"))
    assert "90% of the clean clips" in told and "fewest under speed (25%)" in told and "up to 0.40" in told


def test_the_baseline_is_compared_with_what_its_own_labels_teach():
    runs = pd.concat(judged(0.5, seed).assign(seed=seed) for seed in range(3))
    told = alt(baseline.zero_shot(runs, judged(1.0)))
    value = np.mean([scores(table)["macro_f1"] for _, table in runs.groupby("seed")])
    neutral = runs[runs["emotion"] == "neutral"]
    share = (neutral["p_neutral"] == 0.7).mean()
    assert f"Urdu {value:.2f} (neutral recognised: {share:.0%})" in told
    assert "log-mel 80 × 400" in alt(baseline.network())


@pytest.mark.parametrize("distance", [0.0, 8.0])
def test_clouds_lie_as_far_apart_as_they_were_put(distance):
    generator = np.random.default_rng(0)
    clips = pd.DataFrame({"language": ["en", "de"] * 400, "emotion": list(EMOTIONS) * 200})
    vectors = generator.normal(size=(800, 6)) + 2 * clips["emotion"].isin(["angry", "happy"]).to_numpy()[:, None]
    german = (clips["language"] == "de").to_numpy()
    vectors[german, 5] += distance * vectors[~german, 5].std()
    told = alt(shift.clouds(clips, vectors, "de"))
    apart = float(re.search(r"its mean is ([\d.]+) English deviations", told)[1])
    assert apart == pytest.approx(distance, abs=0.7)


def test_re_centring_is_shown_beside_what_it_mends():
    tables = {"source": judged(0.4), "target": judged(0.9)}
    told = alt(shift.recentred(pd.concat(t.assign(statistics=name) for name, t in tables.items()), "Planted"))
    for table in tables.values():
        assert f"macro-F1 {scores(table)['macro_f1']:.2f}" in told


def rungs() -> pd.DataFrame:
    """A ladder of two languages: the method gains ten points alone, and none over a baseline treated alike."""
    values = {STEPS[0]: (0.4, 0.5), STEPS[1]: (0.5, 0.5), STEPS[2]: (0.6, 0.6), STEPS[3]: (0.7, 0.65)}
    rows = [
        {
            "language": language,
            "step": step,
            "method": method,
            "value": value + up,
            "low": value - 0.1,
            "high": value + 0.2,
        }
        for language, up in (("ur", 0.0), ("de", 0.1))
        for step, pair in values.items()
        for method, value in zip(("baseline", "contrastive"), pair, strict=True)
    ]
    table = pd.concat([pd.DataFrame(rows), pd.DataFrame({"language": ["ur", "de"], "step": CEILING, "value": 0.9})])
    return table.assign(paper=table["value"].where(table["step"] == STEPS[0]), corpus="x", method=table["method"])


def test_the_ladder_tells_every_rung():
    told = alt(ladder.ladder(rungs()))
    assert "Urdu: alone: baseline 0.40, contrastive 0.50; averaged weights: baseline 0.50" in told
    assert "target's labels: a probe 0.90" in told and "own names" not in told


def test_the_ladder_shows_heads_taught_by_own_names_of_methods_that_have_them():
    table = rungs()
    own = table.query("step == @STEPS[3] and method == 'baseline'").assign(step=OWN_NAMES, value=0.8)
    told = alt(ladder.ladder(pd.concat([table[table["step"] != CEILING], own, table[table["step"] == CEILING]])))
    assert "contrastive 0.65; + own names: baseline 0.80; target's labels: a probe 0.90" in told


def test_the_picture_of_frequent_emotions_tells_every_share_of_its_language():
    same = {"heard": 50, "main": 0.5, "statistics": 0.6}
    about = [{"language": name, "share": share} for name in ("ur", "de") for share in (0.25, 0.8)]
    table = pd.DataFrame([row | same | {"self-trained": 1 - row["share"]} for row in about])
    table.loc[0, "statistics"] = 0.7
    told = alt(shift.frequent(table, "ur"))
    shares = ("25%: as it is 0.50, re-centred 0.70, self-trained 0.75", "80%: as it is 0.50, re-centred 0.60")
    assert f"Urdu. {'; '.join(shares)}, self-trained 0.20." in told


def test_every_step_has_a_line_of_its_own(tmp_path):
    made = {"last": judged(0.3), "statistics": judged(0.6), "self-trained": judged(0.9)}
    runs = [store(tmp_path / f"run{seed}", seed, judged(0.5), made) for seed in (0, 1)]
    told = alt(own.climb(runs, "ur"))
    assert f"{OWN_NAMES}: {scores(judged(0.9))['macro_f1']:.2f}" in told
    assert OWN_NAMES not in alt(own.climb(runs[:1], "ur"))  # an ensemble of one is none


def test_a_language_without_labels_is_said_to_be_unmeasured(tmp_path):
    run = store(tmp_path / "run", 0, judged(0.5), {"last": judged(0.4), "statistics": judged(0.6)})
    assert "averaged weights" in alt(own.climb([run], "ur"))
    assert "nothing can be measured" in own.climb([run], "de").data
