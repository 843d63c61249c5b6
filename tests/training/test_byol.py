"""BYOL on the demo corpus: schedules, target network, objective, and the recipe."""

import math
import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from sernb.data.folds import Split
from sernb.evaluation.predictions import scores
from sernb.experiments.study import open_study
from sernb.labels import EMOTIONS
from sernb.losses.byol_loss import symmetric_loss
from sernb.models.byol_networks import Networks
from sernb.models.classifier import EmotionClassifier
from sernb.models.whisper import WhisperEncoder
from sernb.runs import RunStore
from sernb.speech.augment import ViewAugmentation, augment_view
from sernb.speech.dataset import Speech, collate
from sernb.training.byol import ByolConfig, ByolObjective, CollapseWarning, byol_batches, collapse, train_byol
from sernb.training.schedules import mixing_weight, momentum

ENCODER = "random-1x32"
CONFIG = ByolConfig(
    epochs=2, batches_per_epoch=3, batch_size=16, workers=0, momentum=0.9, projector_hidden=32, projection=16
)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return open_study(None, "smoke", runs=tmp_path_factory.mktemp("runs"), progress=False)


@pytest.fixture(scope="module")
def split(study):
    split = study.adapted(0, ["ur"])
    return Split(split.train, split.validation, split.test.groupby("speaker").head(2), split.unlabelled)


@pytest.fixture(scope="module")
def run(study, split):
    return train_byol(CONFIG, split, ENCODER, study.store, progress=False)


def networks(predictor: bool = True) -> Networks:
    torch.manual_seed(0)
    return Networks(EmotionClassifier(WhisperEncoder(ENCODER, 3.0), dropout=0.0), 32, 16, predictor)


def test_lambda_at_every_step_of_a_run():
    weights = [mixing_weight(step, 100, 0.8, 0.2) for step in range(100)]
    assert weights[0] == 0.8 and weights[-1] == pytest.approx(0.2)
    np.testing.assert_allclose(np.diff(weights), -0.6 / 99)
    assert {mixing_weight(step, 100, 0.8, 0.2, "constant") for step in range(100)} == {0.8}
    with pytest.raises(ValueError, match="linear, constant"):
        mixing_weight(0, 10, 0.8, 0.2, "square")


def test_momentum_schedules():
    assert {momentum(step, 50, 0.9) for step in range(50)} == {0.9}
    rising = [momentum(step, 50, 0.9, "cosine") for step in range(51)]
    assert rising[0] == pytest.approx(0.9) and rising[25] == pytest.approx(0.95) and rising[50] == 1.0
    assert (np.diff(rising) > 0).all()
    with pytest.raises(ValueError, match="constant, cosine"):
        momentum(0, 10, 0.9, "linear")


def test_at_0996_the_target_holds_half_of_a_change_after_173_steps():
    pair = networks()
    start = pair.target.encoder.whisper.layers[0].fc1.weight.clone()
    with torch.no_grad():
        pair.online.encoder.whisper.layers[0].fc1.weight.add_(1.0)
    shares = []
    for step in range(200):
        pair.follow(0.996)
        shares.append((pair.target.encoder.whisper.layers[0].fc1.weight - start).mean().item())
        assert shares[-1] == pytest.approx(1 - 0.996 ** (step + 1), abs=1e-4)
    first = next(step for step, share in enumerate(shares, 1) if share >= 0.5)
    assert first == 173 == math.ceil(math.log(0.5) / math.log(0.996))


def test_the_target_starts_as_a_copy_that_shares_no_memory():
    pair = networks()
    for mine, online in ((pair.target.encoder, pair.online.encoder), (pair.target.projector, pair.projector)):
        for a, b in zip(mine.parameters(), online.parameters(), strict=True):
            assert torch.equal(a, b) and a.data_ptr() != b.data_ptr() and not a.requires_grad


def test_the_targets_batch_norm_keeps_statistics_of_its_own():
    pair = networks().train()
    log_mel, frames = torch.randn(6, 80, 300), torch.full((6,), 300)
    pair.predict(log_mel, frames)
    own, online = pair.target.projector[1], pair.projector[1]
    assert online.running_mean.abs().sum() > 0 and own.running_mean.abs().sum() == 0
    pair.follow(0.5)
    assert own.running_mean.abs().sum() == 0  # following moves weights only
    pair.target(log_mel + 1, frames)
    assert own.running_mean.abs().sum() > 0 and not torch.equal(own.running_mean, online.running_mean)


def objective_and_batch(split, config=CONFIG, **options):
    clips = pd.concat([split.train, split.unlabelled])
    labels = torch.tensor([EMOTIONS.index(label) for label in split.train["emotion"]])
    numbers = byol_batches(config, split.train, split.unlabelled)(np.random.default_rng(0)).tolist()
    batch = collate([Speech(clips, config.seconds)[clip, 11] for clip in numbers])
    return ByolObjective(networks(**options), labels, config).train(), batch


def test_the_objective_weighs_cross_entropy_and_byol_as_equation_2(split):
    objective, batch = objective_and_batch(split)
    objective.step.fill_(3)  # of six
    loss, figures = objective(batch)

    pair = networks().train()
    generator = torch.Generator().manual_seed(11)
    log_mel, frames, n = pair.online.log_mel(batch.waveforms), batch.frames, CONFIG.labelled
    view, ends = augment_view(log_mel[:n], frames[:n], CONFIG.supervised, generator)
    logits = pair.online(view, ends)
    supervision = nn.functional.cross_entropy(logits, objective.labels[batch.clips[:n]])
    views = [augment_view(log_mel[n:], frames[n:], CONFIG.views, generator) for _ in range(2)]
    predicted = [pair.predict(view, ends) for view, ends in views]
    aims = [pair.target.projector(pair.target.encoder(view, ends)) for view, ends in views]
    weight = 0.8 - 0.6 * 3 / 5
    torch.testing.assert_close(loss, (1 - weight) * supervision + weight * symmetric_loss(predicted, aims))
    assert figures["weight"].item() == pytest.approx(weight)


def test_gradients_reach_the_online_network_and_nothing_of_the_target(split):
    objective, batch = objective_and_batch(split)
    objective(batch)[0].backward()
    pair = objective.networks
    assert all(p.grad is None for p in pair.target.parameters())
    for part in (pair.online.head, pair.projector, pair.predictor, pair.online.encoder.whisper.layers):
        assert all(p.grad is not None and p.grad.isfinite().all() for p in part.parameters())
        assert any(p.grad.abs().sum() > 0 for p in part.parameters())


def test_without_lambda_it_is_supervised_learning_and_with_lambda_one_labels_do_not_matter(split):
    objective, batch = objective_and_batch(split, replace(CONFIG, weight_start=0.0, weight_schedule="constant"))
    objective(batch)[0].backward()
    assert all(p.grad.abs().sum() == 0 for p in objective.networks.predictor.parameters())
    objective, batch = objective_and_batch(split, replace(CONFIG, weight_start=1.0, weight_schedule="constant"))
    objective(batch)[0].backward()
    assert all(p.grad.abs().sum() == 0 for p in objective.networks.online.head.parameters())


def test_the_target_follows_after_each_step(split):
    objective, _ = objective_and_batch(split, replace(CONFIG, momentum_schedule="cosine"))
    weight = objective.networks.projector[0].weight
    with torch.no_grad():
        weight.add_(1.0)
    kept = 1.0
    for step in range(4):
        objective.after_step(step)
        kept *= momentum(step, 6, 0.9, "cosine")
    gap = (weight - objective.networks.target.projector[0].weight).mean().item()
    assert gap == pytest.approx(kept, rel=1e-4) and objective.step == 4


def test_three_supervised_views_are_three_times_the_labelled_clips(split):
    objective, batch = objective_and_batch(split, replace(CONFIG, supervised_views=3))
    seen = []
    objective.networks.online.head.register_forward_hook(lambda module, inputs, output: seen.append(output))
    objective(batch)
    (logits,) = seen
    assert len(logits) == 3 * CONFIG.labelled and not torch.allclose(logits[0], logits[CONFIG.labelled])


def test_a_batch_draws_from_each_source(split):
    draw = byol_batches(replace(CONFIG, batch_size=32), split.train, split.unlabelled)
    clips = pd.concat([split.train, split.unlabelled], ignore_index=True)
    for seed in range(10):
        chosen = clips.loc[draw(np.random.default_rng(seed))]
        assert (chosen["language"][:16] == "en").all()
        assert (chosen["emotion"][:16].value_counts() == 4).all()
        assert chosen["language"][16:].value_counts().to_dict() == {"en": 8, "ur": 8}
    odd = byol_batches(replace(CONFIG, batch_size=17, labelled_share=8 / 17), split.train, split.unlabelled)
    counts = clips.loc[odd(np.random.default_rng(0))[8:], "language"].value_counts()
    assert sorted(counts) == [4, 5]
    with pytest.raises(ValueError, match="2 sources"):
        byol_batches(replace(CONFIG, batch_size=9, labelled_share=8 / 9), split.train, split.unlabelled)


def test_the_run_holds_both_networks_and_what_they_predict(run, split):
    predictions = run.predictions
    assert set(predictions["part"]) == {"validation", "test"}
    other = pd.read_parquet(run.folder / "predictions-online.parquet")
    assert other["utterance_id"].equals(predictions["utterance_id"]) and not other.equals(predictions)
    best = run.metrics.iloc[-1]
    for table, name in ((predictions, "target"), (other, "online")):
        validation = table[table["part"] == "validation"]
        assert scores(validation)["macro_f1"] == pytest.approx(best[f"{name}_macro_f1"])
    assert best["macro_f1"] == best["target_macro_f1"]
    target, online = (EmotionClassifier.from_pretrained(run.model / place) for place in ("", "online"))
    assert not torch.equal(target.encoder.whisper.layers[0].fc1.weight, online.encoder.whisper.layers[0].fc1.weight)
    assert not torch.equal(target.head[0].weight, online.head[0].weight)
    assert {"variance", "effective_rank", "embedding_effective_rank", "weight"} <= set(run.metrics)
    assert run.metrics["weight"].iloc[-1] == pytest.approx(np.mean([0.8 - 0.6 * step / 5 for step in (3, 4, 5)]))


def test_one_seed_one_outcome_whatever_the_target_clips_labels(run, split, tmp_path):
    pool = split.unlabelled.assign(emotion=split.unlabelled["emotion"].sample(frac=1, random_state=0).to_numpy())
    again = train_byol(
        CONFIG, Split(split.train, split.validation, split.test, pool), ENCODER, RunStore(tmp_path), progress=False
    )
    assert again.folder.name == run.folder.name
    pd.testing.assert_frame_equal(run.predictions, again.predictions)


def test_an_interrupted_run_goes_on_to_the_same_end(run, split, tmp_path, monkeypatch):
    """Stopped within the second epoch; the target, its batch norm and lambda's step come back with the rest."""

    def broken(self, step):
        if step == 4:
            raise KeyboardInterrupt
        follow(self, step)

    follow = ByolObjective.after_step
    monkeypatch.setattr(ByolObjective, "after_step", broken)
    with pytest.raises(KeyboardInterrupt):
        train_byol(CONFIG, split, ENCODER, RunStore(tmp_path), progress=False)
    monkeypatch.undo()
    assert list(tmp_path.glob("byol-*.partial/checkpoint-0001"))
    again = train_byol(CONFIG, split, ENCODER, RunStore(tmp_path), progress=False)
    pd.testing.assert_frame_equal(run.predictions, again.predictions)
    columns = [name for name in run.metrics if not name.endswith("_s")]
    pd.testing.assert_frame_equal(run.metrics[columns], again.metrics[columns])


def test_collapse_is_told_from_the_last_epoch_against_the_start():
    healthy = {"variance": 0.7, "effective_rank": 6.0, "variance_start": 0.8, "rank_start": 9.0}
    assert collapse(pd.DataFrame([healthy])) is None
    assert "variance 0.01, at the start 0.8" in collapse(pd.DataFrame([healthy, healthy | {"variance": 0.01}]))
    assert "effective rank 0.5" in collapse(pd.DataFrame([healthy | {"effective_rank": 0.5}]))


def test_without_a_predictor_the_networks_collapse_and_with_one_they_do_not(split, tmp_path):
    config = replace(
        CONFIG,
        epochs=1,
        batches_per_epoch=30,
        projector_hidden=128,
        projection=32,
        learning_rate=1e-3,
        head_learning_rate=3e-3,
        warmup=5,
        momentum=0.5,
        weight_start=1.0,
        weight_schedule="constant",
    )
    store = RunStore(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("error", CollapseWarning)
        kept = train_byol(config, split, "random-2x64", store, progress=False)
    with pytest.warns(CollapseWarning, match="nearly one"):
        lost = train_byol(replace(config, predictor=False), split, "random-2x64", store, progress=False)
    assert collapse(kept.metrics) is None and collapse(lost.metrics)
    assert lost.metrics["byol"].iloc[-1] < 0.5 * kept.metrics["byol"].iloc[-1]  # it looks like success


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"inference": "both"}, "target or online"),
        ({"momentum": 1.5}, "at least 0 and at most 1"),
        ({"labelled_share": 1.0}, "labelled_share"),
        ({"weight_schedule": "square"}, "linear or constant"),
        ({"momentum_schedule": "square"}, "constant or cosine"),
        ({"supervised": ViewAugmentation()}, "mix emotions"),
    ],
)
def test_settings_that_make_no_sense_are_refused(changes, problem):
    with pytest.raises(ValueError, match=problem):
        replace(CONFIG, **changes)
