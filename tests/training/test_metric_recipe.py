"""The metric-learning recipe and its transfer protocol: what learns from what, and that the figures are right."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy import stats
from sklearn.metrics import balanced_accuracy_score

from sernb.data.folds import shared
from sernb.data.manifest import harmonize
from sernb.experiments import transfer
from sernb.experiments.transfer import Frozen, embedder, leaky_parts, parts, run_protocol
from sernb.experiments.transfer_run import TransferResults
from sernb.experiments.transfer_scores import KEYS, SCORES, correlations, score
from sernb.labels import EMOTIONS
from sernb.models.autoencoder import DenoisingAutoencoder
from sernb.results import report
from sernb.runs import RunStore
from sernb.training import metric
from sernb.training.metric import MetricConfig, Targets, fit_autoencoder, latents, supervision, train_metric

VALUES = 24
QUICK = MetricConfig(label="activation", epochs=60, learning_rate=3e-3, noise=0.3, hidden=(16, 12, 8))
LANGUAGES = {"de": "emodb", "ur": "urdu", "bn": "banglaser"}
WEIGHTS = np.random.default_rng(7).normal(size=(2, VALUES))


def corpus(language, seed, speakers=10, clips=16):
    """Clips whose features carry activation and valence linearly, under noise and a speaker's own offset."""
    draw = np.random.default_rng(seed)
    rows, values = [], []
    for speaker in range(speakers):
        offset = draw.normal(scale=0.3, size=VALUES)
        for number in range(clips):
            scales = draw.integers(2, 11, 2) / 2
            emotion = EMOTIONS[2 * int(scales[0] < 3) + int(scales[1] < 3)]
            name = f"{language}/{speaker}-{number}"
            rows.append((name, LANGUAGES[language], language, f"{language}/{speaker}", emotion, *scales, speaker % 5))
            values.append(10 + 3 * (scales @ WEIGHTS + offset + draw.normal(size=VALUES)))
    columns = ["utterance_id", "corpus", "language", "speaker", "emotion", "activation", "valence", "fold"]
    frame = pd.DataFrame(rows, columns=columns).assign(gender=None, split=None)
    frame["audio_hash"], frame["source_label"] = frame["utterance_id"], frame["emotion"]
    return frame, pd.DataFrame(values, index=frame["utterance_id"], dtype="f4")


@pytest.fixture(scope="module")
def made():
    """A manifest of three languages, Bangla without activation and valence, and its features."""
    frames, tables = zip(*(corpus(language, seed) for seed, language in enumerate(LANGUAGES)), strict=True)
    manifest = pd.concat(frames, ignore_index=True)
    manifest.loc[manifest["language"] == "bn", ["activation", "valence"]] = np.nan
    return manifest, {"egemaps": pd.concat(tables)}


@pytest.fixture
def store(tmp_path):
    return RunStore(tmp_path / "runs")


def halves_of(manifest):
    german = manifest[manifest["language"] == "de"]
    return german[german["fold"] > 0], german[german["fold"] == 0]


def test_latent_differences_become_label_differences_on_unseen_speakers(made, store):
    manifest, features = made
    train, apply = halves_of(manifest)
    found = latents(train_metric(QUICK, features["egemaps"], train, apply, store))
    unseen = found[found["part"] == "apply"]
    line = stats.linregress(unseen["activation"], unseen[["z0", "z1"]].mean(axis=1))
    assert line.rvalue > 0.9
    assert line.slope == pytest.approx(1, abs=0.25)
    plain = replace(QUICK, loss="plain")
    found = latents(train_metric(plain, features["egemaps"], train, apply, store)).query("part == 'apply'")
    assert abs(stats.linregress(found["activation"], found[["z0", "z1"]].mean(axis=1)).slope - 1) > 0.25


def test_same_key_same_run_and_equal_elsewhere(made, store, tmp_path, monkeypatch):
    manifest, features = made
    config = replace(QUICK, epochs=3)
    run = train_metric(config, features["egemaps"], *halves_of(manifest), store)
    other = train_metric(config, features["egemaps"], *halves_of(manifest), RunStore(tmp_path / "elsewhere"))
    assert run.folder.name == other.folder.name
    pd.testing.assert_frame_equal(latents(run), latents(other), check_exact=True)
    pd.testing.assert_frame_equal(run.metrics, other.metrics, check_exact=True)
    assert list(run.metrics.columns) == ["epoch", "reconstruction", "supervision", "loss"]
    reseeded = train_metric(replace(config, seed=1), features["egemaps"], *halves_of(manifest), store)
    assert not latents(reseeded)["z0"].equals(latents(run)["z0"])
    monkeypatch.setattr(metric, "fit_autoencoder", lambda *_: pytest.fail("trained again"))
    assert train_metric(config, features["egemaps"], *halves_of(manifest), store) == run


def test_the_callers_randomness_and_threads_are_left_alone(made):
    manifest, features = made
    train = halves_of(manifest)[0]
    values = torch.from_numpy(features["egemaps"].loc[train["utterance_id"]].to_numpy(copy=True))
    torch.manual_seed(5)
    expected, threads = torch.rand(3), torch.get_num_threads()
    torch.manual_seed(5)
    fit_autoencoder(replace(QUICK, epochs=1), values, Targets.of(train))
    assert torch.equal(torch.rand(3), expected)
    assert torch.get_num_threads() == threads


def test_nothing_is_learned_from_the_clips_it_is_applied_to(made, store):
    manifest, features = made
    train, apply = halves_of(manifest)
    config = replace(QUICK, epochs=3)
    run = train_metric(config, features["egemaps"], train, apply, store)
    strange = features["egemaps"].copy()
    strange.loc[apply["utterance_id"]] = strange.loc[apply["utterance_id"]] * 100 - 7
    relabelled = apply.assign(activation=1.0, valence=np.nan, emotion="sad")
    other = train_metric(config, strange, train, relabelled, store)
    assert run.folder != other.folder
    before, after = (DenoisingAutoencoder.from_pretrained(one.model).state_dict() for one in (run, other))
    assert all(torch.equal(before[name], after[name]) for name in before)
    seen = features["egemaps"].loc[train["utterance_id"]].to_numpy()
    np.testing.assert_allclose(before["standardize.mean"], seen.mean(0), rtol=1e-4)


def test_unlabelled_clips_are_reconstructed_and_teach_nothing_else(made):
    manifest, features = made
    train = halves_of(manifest)[0]
    values = torch.from_numpy(features["egemaps"].loc[train["utterance_id"]].to_numpy(copy=True))
    missing = train.assign(activation=np.nan, valence=np.nan, emotion=None)
    for loss in ("metric", "concordance", "cluster"):
        _, history = fit_autoencoder(replace(QUICK, loss=loss, epochs=20), values, Targets.of(missing))
        assert all(row["supervision"] == 0 for row in history)
        assert history[-1]["reconstruction"] < 0.95 * history[0]["reconstruction"]
    half = train.assign(activation=train["activation"].where(np.arange(len(train)) % 2 == 0))
    _, history = fit_autoencoder(QUICK, values, Targets.of(half))
    assert 0 < history[-1]["supervision"] < 0.5 * history[0]["supervision"]


def test_the_plain_autoencoder_tells_its_metric_loss_and_learns_nothing_from_it(made):
    manifest, features = made
    train = halves_of(manifest)[0]
    values = torch.from_numpy(features["egemaps"].loc[train["utterance_id"]].to_numpy(copy=True))
    plain = replace(QUICK, loss="plain", epochs=20)
    model, history = fit_autoencoder(plain, values, Targets.of(train))
    assert all(row["loss"] == row["reconstruction"] and row["supervision"] > 0 for row in history)
    unlabelled = train.assign(activation=np.nan, valence=np.nan)
    same, _ = fit_autoencoder(plain, values, Targets.of(unlabelled))
    assert all(map(torch.equal, model.state_dict().values(), same.state_dict().values()))
    _, taught = fit_autoencoder(replace(plain, loss="metric"), values, Targets.of(train))
    assert taught[-1]["supervision"] < history[-1]["supervision"]
    _, odd = fit_autoencoder(replace(plain, latent=3, epochs=1), values, Targets.of(train))
    assert odd[0]["supervision"] > 0


@pytest.mark.parametrize("loss", ("plain", "metric", "concordance", "cluster"))
@pytest.mark.parametrize("label", ("activation", "valence", "joint"))
def test_each_loss_follows_the_labels_it_names_and_no_others(made, loss, label):
    manifest, _ = made
    targets = Targets.of(manifest[manifest["language"] == "de"].head(40))
    config, z = MetricConfig(loss=loss, label=label), torch.randn(40, 2, generator=torch.Generator().manual_seed(0))
    value = supervision(config, z, targets)
    moved = {
        "activation": replace(targets, activation=targets.activation.flip(0)),
        "valence": replace(targets, valence=targets.valence.flip(0)),
        "classes": replace(targets, classes=targets.classes.flip(0)),
    }
    follows = {name for name, changed in moved.items() if supervision(config, z, changed) != value}
    scales = {"activation", "valence"} if label == "joint" else {label}
    assert follows == {"plain": set(), "cluster": {"classes"}}.get(loss, scales)


def test_impossible_configurations_are_refused():
    with pytest.raises(ValueError, match="loss is 'triplet'; give plain or metric"):
        MetricConfig(loss="triplet")
    with pytest.raises(ValueError, match="label is 'dominance'; give activation"):
        MetricConfig(label="dominance")
    with pytest.raises(ValueError, match="must be even, not 3"):
        MetricConfig(label="joint", latent=3)
    assert MetricConfig(label="valence", latent=3).latent == 3


def test_parts_share_no_speaker_and_leaky_ones_do(made):
    manifest, _ = made
    for fold in range(5):
        split = parts(manifest, "de", fold)
        assert set(split.test["fold"]) == {fold}
        assert set(split.targets["language"]) == {"ur", "bn"}
        assert not shared(split.train, split.test) and not shared(split.validation, split.test)
        assert "speakers" in shared(leaky_parts(manifest, "de", fold).train, leaky_parts(manifest, "de", fold).test)
    semi = parts(manifest, "de", 0, unlabelled="bn")
    extra = semi.train[semi.train["language"] == "bn"]
    assert len(extra) == 160 and extra[["emotion", "activation", "valence"]].isna().all(axis=None)
    assert set(semi.targets["language"]) == {"ur"}
    with pytest.raises(ValueError, match="no clip in 'bn' has activation and valence"):
        parts(manifest, "bn", 0)
    with pytest.raises(ValueError, match="need three"):
        parts(manifest[manifest["fold"] < 2], "de", 0)


def test_own_statistics_undo_a_corpus_wide_shift(made, store):
    manifest, features = made
    split = parts(manifest, "de", 0)
    shifted = features["egemaps"].copy()
    german = manifest["utterance_id"][manifest["language"] == "de"]
    shifted.loc[german] = shifted.loc[german] * 5 + 40
    embed = embedder(Frozen("egemaps"), split, {"egemaps": features["egemaps"]}, store)
    embed_shifted = embedder(Frozen("egemaps"), split, {"egemaps": shifted}, store)
    urdu = split.targets[split.targets["language"] == "ur"]
    np.testing.assert_allclose(embed(urdu, True), embed_shifted(urdu, True), atol=1e-4)
    assert np.abs(embed(urdu, False) - embed_shifted(urdu, False)).min(axis=0).max() > 1
    np.testing.assert_allclose(embed(urdu, True).mean(0), 0, atol=1e-4)


def test_protocol_from_end_to_end(made, store):
    manifest, features = made
    manifest = manifest.assign(fold=manifest["fold"] % 3)
    methods = {"eGeMAPS, no model": Frozen("egemaps"), "plain DAE": replace(QUICK, loss="plain"), "metric": QUICK}
    methods = {name: replace(m, epochs=25) if isinstance(m, MetricConfig) else m for name, m in methods.items()}
    answers = run_protocol(manifest, features, "de", store, methods, seeds=(0, 1), progress=False)
    judged = 160 + 3 * 2 * 320  # every clip of the source once; each fold's two targets, with both kinds of statistics
    assert answers.groupby("method").size().to_dict() == {
        "eGeMAPS, no model": judged,
        "plain DAE": 2 * judged,
        "metric": 2 * judged,
    }
    table = score(answers, manifest)
    assert (table["low"] <= table["high"]).sum() == table["value"].notna().sum()
    urdu = table.query("corpus == 'urdu' and statistics == 'source'").set_index(["method", "score"])
    assert urdu.loc[("metric", "activation_r"), "value"] > 0.85
    assert urdu.loc[("metric", "activation_r"), "difference_low"] > 0  # it was taught activation, plain was not
    assert table.query("corpus == 'banglaser' and score == 'activation_r'")["value"].isna().all()
    assert urdu["speakers"].unique() == [10] and urdu.loc["metric", "models"].unique() == [6]

    one = answers.query("method == 'metric' and seed == 0 and statistics == 'source'").merge(
        manifest.drop(columns="fold"), on="utterance_id"
    )
    own = one[one["corpus"] == "emodb"]
    assert len(own) == own["utterance_id"].nunique() == 160  # each clip of the source was left out once
    alone = score(answers.query("seed == 0"), manifest).set_index(["method", "corpus", "statistics", "score"])
    uar = balanced_accuracy_score(own["emotion"], own["predicted_emotion"])
    assert alone.loc[("metric", "emodb", "source", "uar"), "value"] == pytest.approx(uar)
    rows = [rows for _, rows in one[one["corpus"] == "urdu"].groupby("fold")]
    expected = np.mean([stats.spearmanr(fold["valence"], fold["predicted_valence"])[0] for fold in rows])
    assert alone.loc[("metric", "urdu", "source", "valence_rho"), "value"] == pytest.approx(expected)


def test_languages_of_one_corpus_are_judged_apart(made, store):
    manifest, features = made
    methods = {"eGeMAPS": Frozen("egemaps")}
    tables = [
        score(run_protocol(clips, features, "de", store, methods, progress=False), clips)
        for clips in (manifest, manifest.assign(corpus="one"))
    ]
    apart, together = (table.drop(columns="corpus").set_index(["language", "statistics", "score"]) for table in tables)
    assert len(apart) == 5 * len(SCORES)
    pd.testing.assert_frame_equal(together.loc[apart.index], apart)


def test_tuned_settings_are_chosen_without_test_clips(made, store, monkeypatch):
    manifest, features = made
    grid = ({}, {"learning_rate": 1e-6})
    monkeypatch.setattr(transfer, "GRID", grid)
    split = parts(manifest, "de", 0)
    method = replace(QUICK, epochs=15)
    assert transfer.choose(method, split, features, store) == {}
    scrambled = manifest.copy()
    tested = (scrambled["language"] != "de") | (scrambled["fold"] == 0)
    scrambled.loc[tested, ["activation", "valence"]] = 3.0
    scrambled.loc[tested, "emotion"] = "sad"
    other = parts(scrambled, "de", 0)
    for point in grid:
        before, after = (
            transfer.selection_score(embedder(replace(method, **point), each, features, store), each)
            for each in (split, other)
        )
        assert before == after


def test_correlations_equal_scipys():
    draw = np.random.default_rng(0)
    truth = draw.integers(2, 11, 50) / 2
    guess = truth + draw.normal(size=(3, 50)).round(1)
    times = draw.integers(0, 4, 50)
    weights = np.stack([np.ones(50), times], axis=1)
    found = correlations(guess, truth, weights)
    for column, kept in enumerate((np.arange(50), np.repeat(np.arange(50), times))):
        for number, (row, labels) in enumerate((row[kept], truth[kept]) for row in guess):
            lin = 2 * np.cov(row, labels, bias=True)[0, 1]
            lin /= row.var() + labels.var() + (row.mean() - labels.mean()) ** 2
            expected = {"r": stats.pearsonr(row, labels)[0], "rho": stats.spearmanr(row, labels)[0], "ccc": lin}
            assert {kind: found[kind][number, column] for kind in found} == pytest.approx(expected)
    constant = correlations(np.full((2, 50), 3.0), truth, weights)
    assert all((value == 0).all() for value in constant.values())
    assert np.isnan(correlations(guess, np.full(50, 3.0), weights)["r"]).all()


def test_intervals_come_from_speakers_not_from_clips(made):
    """Sixteen clips of one speaker, all answered alike, tell no more than one."""
    manifest, _ = made
    urdu = manifest[manifest["language"] == "ur"].copy()
    urdu["emotion"] = "sad"
    right = urdu["speaker"].isin(sorted(urdu["speaker"].unique())[:5])
    answers = urdu[["utterance_id"]].assign(
        predicted_emotion=np.where(right, "sad", "angry"), predicted_pair="sad", predicted_activation=3.0,
        predicted_valence=3.0, statistics="source", method="m", fold=0, seed=0, setting="published", folds="speaker",
        unlabelled="none",
        source="de",
    )  # fmt: skip
    table = score(answers, urdu).set_index("score").loc["accuracy"]
    assert table["value"] == 0.5
    assert (table["low"], table["high"]) == pytest.approx((0.2, 0.8), abs=0.11)  # binomial(10, 1/2) / 10


def test_whisper_embeddings_meet_the_metric_loss_on_real_speech(corpora_dir, store, tmp_path):
    from sernb.models.embeddings import whisper_embeddings
    from sernb.models.whisper import WhisperEncoder

    clips = harmonize(corpora_dir, cache=tmp_path / "checks.parquet", progress=False).manifest
    clips = clips[clips["corpus"] == "emodb"].groupby("fold", group_keys=False).head(24)
    if clips["activation"].isna().all():
        pytest.skip("the folder SERNB_CORPORA names holds no activation and valence labels")
    encoder = WhisperEncoder("random-2x64", 4.0)
    table = whisper_embeddings(clips, encoder, tmp_path, progress=False)
    assert table.shape == (len(clips), 64)
    again = whisper_embeddings(clips.iloc[::-1], encoder, tmp_path, progress=False)
    pd.testing.assert_frame_equal(again.iloc[::-1], table, check_exact=True)
    config = replace(QUICK, features="whisper", batch_size=16, epochs=150, noise=0.1)
    train, apply = clips[clips["fold"] > 0], clips[clips["fold"] == 0]
    run = train_metric(config, table, train, apply, store)
    assert run.metrics["supervision"].iloc[-1] < 0.5 * run.metrics["supervision"].iloc[0]
    unseen = latents(run).query("part == 'apply'")
    assert stats.pearsonr(unseen["activation"], unseen[["z0", "z1"]].mean(axis=1))[0] > 0.3


def test_stored_scores_are_recomputable():
    stored = TransferResults.load(report.FOLDER)
    some = stored.answers.query("setting == 'published' and source == 'ur' and folds == 'speaker'")
    computed = score(some, stored.clips).set_index([*KEYS, "score"])["value"]
    published = stored.scores.set_index([*KEYS, "score"])["value"].loc[computed.index]
    assert len(computed) > 10 * len(SCORES)
    np.testing.assert_allclose(computed, published, atol=1e-4)
