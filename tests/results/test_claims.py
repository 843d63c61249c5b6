"""What chapters conclude in prose holds in the stored runs: whoever stores others is told which sentence to mend."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from sernb.evaluation import bias, comparison, uneven
from sernb.evaluation.predictions import predicted, scores
from sernb.evaluation.uncertainty import FEWEST_SPEAKERS
from sernb.experiments.conditions import GENDER_CONDITIONS, condition_group
from sernb.figures.widgets.wrong_names import wrong_names_data
from sernb.labels import PROBABILITIES
from sernb.losses.continuous import metric_loss
from sernb.results import ladder, openings, report, selection, self_training, sentences
from sernb.results.ablations import ablation_table, all_ablations

BOOK = Path(__file__).parents[2] / "book"
METRIC, PLAIN = "metric DAE, {}", "plain DAE"
PUBLISHED = "setting == 'published' and unlabelled == 'none'"


def said(chapter: str, words: str) -> None:
    """The chapter says so, wherever its lines break."""
    (path,) = BOOK.glob(f"{chapter}*.md")
    assert words in " ".join(path.read_text().split())


@pytest.fixture(scope="module")
def transfer() -> pd.DataFrame:
    scores = pd.read_parquet(report.FOLDER / "transfer.parquet")
    return scores.query("source != language and folds == 'speaker'")


def of(transfer, what: str, score: str, source: str, language: str, statistics: str = "source") -> pd.Series:
    rows = transfer.query(PUBLISHED).query(
        "method == @what and score == @score and source == @source and language == @language "
        "and statistics == @statistics"
    )
    (row,) = (row for _, row in rows.iterrows())
    return row


def test_accuracy_of_metric_learning_splits_by_corpus(transfer):
    said(
        "07",
        "On Bangla, where thirty-four speakers make intervals narrow, the joint loss gains a few points if it learnt",
    )
    said("07", "From German, both intervals hold zero. On Urdu and on German the question stays open: every interval")
    assert of(transfer, PLAIN, "accuracy", "ur", "bn")["speakers"] == 34
    for loss in ("joint", "activation"):
        gained, open_still = (of(transfer, METRIC.format(loss), "accuracy", source, "bn") for source in ("ur", "de"))
        assert gained["difference_low"] > 0 and 0.02 < gained["difference"] < 0.08
        assert open_still["difference_low"] < 0 < open_still["difference_high"]
    for source, language in (("de", "ur"), ("ur", "de")):
        for loss in ("activation", "valence", "joint"):
            row = of(transfer, METRIC.format(loss), "accuracy", source, language)
            assert row["difference_low"] < 0 < row["difference_high"]


def test_trained_to_the_end_the_joint_loss_gains_in_more_transfers(transfer):
    said("07", "the joint loss gains accuracy on Bangla whichever language it learnt from, and the correlation with")
    said("07", "From Urdu to German it gains neither.")
    rows = transfer.query("setting == 'longer' and unlabelled == 'none' and statistics == 'source'")
    low = rows[rows["method"] == METRIC.format("joint")].set_index(["score", "source", "language"])["difference_low"]
    assert low["accuracy", "de", "bn"] > 0 and low["accuracy", "ur", "bn"] > 0 and low["activation_r", "de", "ur"] > 0
    assert low["accuracy", "ur", "de"] < 0 and low["activation_r", "ur", "de"] < 0
    said("07", "As published, training stops while the loss still falls. Fifteen times as many epochs, at ten times")
    curves = pd.read_parquet(report.FOLDER / "transfer_curves.parquet").query("quantity == 'loss'")
    for (_, setting, method), curve in curves.groupby(["source", "setting", "method"]):
        if method in (PLAIN, METRIC.format("joint")):
            third = curve["mean"].iloc[np.searchsorted(curve["epoch"], 2 / 3 * curve["epoch"].max())]
            late = (third - curve["mean"].iloc[-1]) / (curve["mean"].iloc[0] - curve["mean"].iloc[-1])
            assert late > 0.2 if setting == "published" else late < 0.1
    assert curves.groupby("setting")["epoch"].max().to_dict() == {"published": 100, "longer": 1500}


def test_correlation_gains_only_under_each_corpus_s_own_statistics(transfer):
    said("07", "does not hold as published: intervals hold zero, or lie below it")
    said("07", "latent's correlation with activation does gain, clearly so from Urdu to German")
    for source, language in (("de", "ur"), ("ur", "de")):
        for loss in ("activation", "valence", "joint"):
            for score in ("activation_r", "valence_r"):
                assert of(transfer, METRIC.format(loss), score, source, language)["difference_low"] < 0
        for loss in ("activation", "joint"):
            assert of(transfer, METRIC.format(loss), "activation_r", source, language, "own")["difference"] > 0
    for loss in ("activation", "joint"):
        assert of(transfer, METRIC.format(loss), "activation_r", "ur", "de", "own")["difference_low"] > 0


def test_valence_helps_seldom_and_hardly_transfers(transfer):
    said(
        "07",
        "The valence loss alone hurts more often than it helps. And valence hardly transfers, whatever the method.",
    )
    alone = transfer[transfer["method"] == METRIC.format("valence")]
    alone = alone[alone["score"].isin(["accuracy", "angry_sad", "activation_r", "valence_r"])]
    assert (alone["difference_high"] < 0).sum() > 2 * (alone["difference_low"] > 0).sum() > 0
    assert transfer.loc[transfer["score"] == "valence_r", "value"].max() < 0.26


def test_unlabelled_bangla_lifts_the_plain_autoencoder_more(transfer):
    said(
        "07",
        "Unlabelled Bangla in the training lifts the accuracy of the plain autoencoder more than that of the one",
    )
    rows = transfer.query(
        "score == 'accuracy' and setting == 'published' and statistics == 'source' and language != 'bn'"
    )
    wide = rows.pivot_table(index=["source", "language", "method"], columns="unlabelled", values="value")
    gain = (wide["bn"] - wide["none"]).dropna().unstack("method")
    assert len(gain) == 2 and (gain[PLAIN] > gain[METRIC.format("joint")]).all()


def test_ranks_agree_where_values_do_not(transfer):
    said("07", "From Urdu to German the ranks agree with the ratings, the values don't")
    for what in (PLAIN, *map(METRIC.format, ("activation", "valence", "joint"))):
        ranks, values = (of(transfer, what, f"activation_{kind}", "ur", "de")["value"] for kind in ("rho", "r"))
        assert ranks > 0.5 > 0.25 > values


@pytest.mark.parametrize("source", ["de", "ur"])
def test_the_metric_loss_turns_the_latent_towards_activation_and_ends_early(source):
    said("07", "the slope can be anything, and from Urdu it is negative. With it that loss falls, in the language")
    said("07", "at ten times the published learning rate the slope comes nearer to 1")
    planes = pd.read_parquet(report.FOLDER / "transfer_planes.parquet").query("source == @source and part == 'apply'")
    slow, fast = ((METRIC.format("joint"), settings) for settings in ("{}", '{"learning_rate": 0.001}'))
    for place in ("de", "ur"):
        there = planes[planes["language"] == place].dropna(subset="activation")
        slopes, losses = {}, {}
        for kind, points in there.groupby(["method", "settings"]):
            slopes[kind] = np.polyfit(points["activation"], points["z0"], 1)[0]
            label = torch.tensor(points["activation"].to_numpy())
            losses[kind] = metric_loss(torch.tensor(points[["z0"]].to_numpy()), label)
        assert losses[slow] < losses[PLAIN, "{}"] and (slopes[PLAIN, "{}"] < 0) == (source == "ur")
        assert slopes[slow] < 0.5 and slopes[slow] < slopes[fast] < 1


def test_no_model_at_all_is_a_rival_and_features_are_not_free(transfer):
    said("07", "the 88 features without any model reach a higher accuracy than both autoencoders in all four")
    rows = transfer.query(f"{PUBLISHED} and score == 'accuracy' and statistics == 'source'")
    wide = rows.pivot(index=["source", "language"], columns="method", values="value")
    ahead = wide["eGeMAPS, no model"] > wide[[PLAIN, METRIC.format("joint")]].max(axis=1)
    assert ahead.all() and len(ahead) == 4
    said("07", "that was not trained further, is ahead in some transfers and behind in others.")
    assert 0 < (wide["Whisper, frozen"] > wide[METRIC.format("joint")]).sum() < 4
    said("07", "computing its features takes more time than Whisper's encoder does")
    seconds = pd.read_parquet(report.FOLDER / "transfer_costs.parquet").set_index("way")["cpu_seconds_per_clip"]
    assert seconds["DAE on eGeMAPS"] > seconds["Whisper, frozen"]


def test_changed_pools_are_of_shorter_runs_that_hear_the_targets_own_clips():
    said("09", "shorter than the others: 100 batches of stage 1, and then 240 steps.")
    runs = pd.read_parquet(report.FOLDER / "runs.parquet").set_index("group")
    for name in GENDER_CONDITIONS[:-1]:
        group = condition_group("contrastive", name)
        changed, first = runs.loc[[group]], runs.loc[[f"{group}-stage1"]]
        assert set(changed["steps"]) == {240} and set(first["steps"]) == {100}
        assert set(changed["seed"]) == set(changed["fold"]) == set(range(5)) and first["unlabelled"].isna().all()
    assert set(runs.loc[["baseline", "contrastive"], "steps"]) == {480}


def test_neither_method_was_shown_to_add_to_the_recipe():
    said("10", "Neither is part of the recipe: no interval lies above zero.")
    alike = openings.stored_alike_rows()
    for method in ("contrastive", "BYOL"):
        assert (sentences.averaged_and_recentred(alike, method)["low"] <= 0).all()


def less_than_first(name: str) -> pd.DataFrame:
    """What each row of an ablation has over its first one: a row per what and language."""
    table = ablation_table(all_ablations()[name], report.FOLDER)
    return table.dropna(subset="value").set_index(["what", "language"])


def test_augmentation_buys_endurance_of_a_shift_that_re_centring_removes():
    said("02", "Bangla loses without augmentation, and the whole interval lies below zero.")
    said("02", "that loss is no longer sure, and German does better without.")
    as_trained, centred = (
        less_than_first(f"augmentation-480{end}").loc["no augmentation"] for end in ("", "-statistics")
    )
    assert as_trained.loc["bn", "high"] < 0 and (as_trained.drop("bn")["low"] < 0).all()
    assert centred.loc["bn", "low"] < 0 < centred.loc["bn", "high"] and centred.loc["de", "low"] > 0
    assert centred.loc["bn", "value"] > as_trained.loc["bn", "value"] / 2
    said("02", "English validation sees none of this: there, both score alike.")
    groups = ("baseline", "baseline-480-steps-without-augmentation")
    seen = [np.mean([validation_score(run) for run in report.stored(group)]) for group in groups]
    assert abs(seen[0] - seen[1]) < 0.02


def validation_score(run) -> float:
    judged = run.predictions.query("part == 'validation'")
    return scores(judged)["macro_f1"]


def test_a_momentum_for_long_runs_costs_short_ones():
    said(
        "06",
        "BYOL with a momentum of 0.996 loses in all three languages, in Bangla by an interval that lies below zero",
    )
    slow = less_than_first("momentum").loc["momentum 0.996"]
    assert len(slow) == 3 and (slow["value"] < 0).all() and slow.loc["bn", "high"] < 0


def test_few_speakers_stand_behind_the_figures():
    said("07", "EMO-DB has ten speakers, one of URDU's has a fifth of its clips")
    judged = comparison.pooled(report.stored("baseline")).drop_duplicates("utterance_id")
    assert judged[judged["corpus"] == "emodb"]["speaker"].nunique() == 10
    assert judged[judged["corpus"] == "urdu"]["speaker"].value_counts(normalize=True).iloc[0] == pytest.approx(0.2)


def test_urdu_s_women_are_of_one_class_and_its_speakers_of_one_emotion():
    said("08", "nearly every speaker of URDU was recorded in one emotion only")
    said("09", "Most of their clips are of one class, and none is angry.")
    judged = comparison.pooled(report.stored("baseline")).drop_duplicates("utterance_id")
    urdu = judged[judged["corpus"] == "urdu"]
    women = urdu[urdu["gender"] == "female"]["emotion"].value_counts(normalize=True)
    assert women.iloc[0] > 0.75 and "angry" not in women
    assert (urdu.groupby("speaker")["emotion"].nunique() == 1).mean() > 0.75
    assert bias.right_by_speaker_alone(urdu) > 0.75


def lead(words: str) -> None:
    """The page of results says so, under "Which leads held"."""
    assert words in " ".join((report.FOLDER / "README.md").read_text().split("## Which leads held")[1].split())


def test_leads_about_layers_and_lengths():
    lead("in frozen encoders, yes, in both; after 480 steps of training the last layer shows no difference")
    frozen = pd.read_parquet(report.FOLDER / "layers.parquet").query("measure == 'emotion' and language != 'en'")
    for _, rows in frozen.groupby("encoder"):
        means = rows.groupby("layer")["value"].mean()
        assert 0 < means.idxmax() < means.index.max()
    assert holds_zero(less_than_first("last-layer-480")).all()
    lead("up to 480 steps, German surely; twice as many show no further difference")
    steps = less_than_first("steps")
    assert (steps.loc[["120 steps", "240 steps"], "value"] < 0).all()
    assert (steps.xs("de", level="language").loc[["120 steps", "240 steps"], "high"] < 0).all()
    assert holds_zero(steps.loc["960 steps"]).all()


def test_leads_about_stage_1():
    lead(
        "before a short stage 2 in Bangla, in two seeds, and the interval holds zero; before 480 steps nothing is left"
    )
    short = less_than_first("stage1-before-120").xs("bn", level="language")
    assert (short["value"] > 0.03).all() and holds_zero(short).all() and set(short["seeds"]) == {2}
    late = less_than_first("stage1-before-480").loc["400 batches"]
    assert (late["value"].abs() < 0.01).all()
    lead("pairs of one emotion do as well as any")
    pools = less_than_first("stage1-pool")
    one, every = (pools.loc[what, "value"] for what in ("those, pairs of one emotion only", "the targets' other folds"))
    assert (one >= every - 0.001).all()
    lead("no difference shows; strongly repelled, all three languages fall")
    repelled = less_than_first("speakers")
    assert (
        holds_zero(repelled.loc["repelled, weight 0.1"]).all()
        and (repelled.loc["repelled, weight 1", "value"] < 0).all()
    )


def test_leads_about_what_else_helps():
    lead("yes: all three languages fall without it, Bangla surely")
    without = less_than_first("sources").loc["without RAVDESS"]
    assert (without["value"] < 0).all() and without.loc["bn", "high"] < 0
    lead("in all three languages, Urdu surely")
    lead("models of several seeds together do better | in all three languages")
    gains = ladder.gain_per_step().set_index(["step", "language"])
    assert (gains.loc[list(ladder.STEPS[2:]), "value"] > 0).all()
    assert gains.loc[(ladder.STEPS[2], "ur"), "low"] > 0
    assert holds_zero(gains.loc[ladder.STEPS[2]].drop("ur")).all()


def test_leads_about_self_training():
    lead("on trained models macro-F1 rises in all three languages, German surely;")
    lead("on frozen embeddings all three fall")
    lead("in Bangla and Urdu; German falls")
    gains = self_training.gains().query("method == 'baseline'").set_index("language")
    assert len(gains) == 3 and (gains["value"] > 0).all()
    assert gains.loc["de", "low"] > 0 and holds_zero(gains.drop("de")).all()
    even = gains["evened"] - gains["statistics"]
    assert even["bn"] > 0 and even["ur"] > 0 > even["de"]
    frozen = [self_training.where_it_works(name).iloc[0] for name in gains.index]
    assert all(row["self-trained"] < row["re-centred"] - 0.01 for row in frozen)


def test_the_front_page_says_whose_heads_taught_themselves():
    said("index", "shown for the baseline alone: contrastive learning has half as many trainings with it, BYOL none")
    assert set(ladder.every_rung().query("step == @ladder.OWN_NAMES")["method"]) == {"baseline"}
    seeds = self_training.gains().set_index("method")["seeds"]
    assert set(seeds.index) == {"baseline", "contrastive"} and set(2 * seeds["contrastive"]) == set(seeds["baseline"])


def test_one_frequent_emotion_spoils_both_and_self_training_more():
    said("shift", "where one emotion makes up more than half of the clips, self-training is the worse of the two")
    table = uneven.by_share().set_index(["language", "share"]).sort_index()
    assert set(table.index.levels[0]) == {"bn", "de", "ur"}
    for language in table.index.levels[0]:
        rows = table.loc[language]
        assert (rows.loc[0.8, ["statistics", "self-trained"]] < rows.loc[0.25, ["statistics", "self-trained"]]).all()
        assert (rows.loc[[0.6, 0.8], "self-trained"] < rows.loc[[0.6, 0.8], "statistics"]).all()
    said(
        "shift", "with these 125 or so of Urdu it stays behind re-centring from the start, with all of them it is ahead"
    )
    urdu, whole = table.loc["ur"], self_training.gains().query("method == 'baseline' and language == 'ur'").iloc[0]
    assert (urdu["self-trained"] < urdu["statistics"]).all() and urdu["heard"].between(120, 130).all()
    assert whole["self_trained"] > whole["statistics"]


def holds_zero(rows: pd.DataFrame) -> pd.Series:
    return (rows["low"] < 0) & (rows["high"] > 0)


@pytest.mark.parametrize("language", ["ur", "de", "bn"])
def test_self_training_needs_embeddings_that_show_emotion(language):
    said("shift", "On frozen embeddings the same recipe loses")
    frozen, trained = self_training.where_it_works(language).to_dict("records")
    gains = [row["self-trained"] - row["re-centred"] for row in (frozen, trained)]
    assert gains[0] < 0 < gains[1] and frozen["between emotions"] < 0.6 * trained["between emotions"] < 0.5


@pytest.mark.parametrize("language", ["ur", "de", "bn"])
def test_scattered_wrong_names_cancel_and_a_models_own_do_less(language):
    said("shift", "it may answer better than it was taught")
    said(
        "shift", "They lie where two emotions meet. So it gains, but less than it would if its mistakes were scattered"
    )
    run = report.stored("baseline")[0]
    judged = run.variant("statistics").query("language == @language")
    ways = wrong_names_data(judged, run.embeddings, language)["ways"]
    right, score = (ways["scattered"][name] for name in ("right", "mean"))
    assert all(head > names for head, names in zip(score, right, strict=True) if names <= 0.5)
    (own_right,), (own,) = (ways["own"][name] for name in ("right", "mean"))
    assert own < np.interp(own_right, right[::-1], score[::-1]) - 0.02
    best = np.sort(judged[PROBABILITIES].to_numpy(), axis=1)
    sure = best[:, -1] - best[:, -2]  # small where two emotions meet
    correct = judged["emotion"].to_numpy() == predicted(judged)
    assert np.median(sure[~correct]) < 0.75 * np.median(sure[correct])


def test_a_single_voice_teaches_itself():
    said("shift", "clips of a single voice teach how that voice sounds")
    choice = pd.read_parquet(report.FOLDER / self_training.CHOICE_FILE)
    few = choice[choice["speakers"] < FEWEST_SPEAKERS]
    assert set(few["speakers"]) == {2}  # so the head is taught by one and judges the other
    ways = self_training.choices(choice)[few["held_out"].iloc[0]]
    assert ways.idxmax() == 0  # the model that has not taught itself


def test_held_out_corpora_order_recipes_no_better_than_held_out_speakers():
    said("03", "corpora give is no nearer to that of the target languages than the order that speakers give")
    agree = selection.by_judge(selection.read()).corr("spearman")["targets"]
    assert agree["English corpora"] <= agree["English speakers"]
