"""Both stages of contrastive learning on the demo corpus, and what they rest on."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from sernb.data.folds import Split, adapted, shared, speaker_groups
from sernb.evaluation.verification import speaker_scores
from sernb.experiments.study import open_study
from sernb.losses.ntxent import SpeakerNTXent
from sernb.models.classifier import EmotionClassifier
from sernb.models.weights import fingerprint
from sernb.models.whisper import WhisperEncoder
from sernb.runs import RunStore
from sernb.speech.dataset import CleanAndAugmented, Speech, collate
from sernb.speech.speaker_batches import speaker_balanced
from sernb.training.baseline import BaselineConfig
from sernb.training.contrastive import (
    REPORT_FILE,
    ContrastiveConfig,
    SpeakerObjective,
    both_views,
    hold_out,
    layer_groups,
    train_stage1,
    train_stage2,
)

ENCODER = "random-1x32"
LOOP = {"epochs": 2, "batches_per_epoch": 3, "workers": 0, "learning_rate": 1e-3}
STAGE1 = ContrastiveConfig(**LOOP, batch_size=16, held_out=0.2)
STAGE2 = BaselineConfig(**LOOP, batch_size=8)


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return open_study(None, "smoke", runs=tmp_path_factory.mktemp("runs"), progress=False)


@pytest.fixture(scope="module")
def split(study):
    split = study.adapted(0, ["ur", "de"])
    return Split(split.train, split.validation, split.test.groupby("speaker").head(2), split.unlabelled)


@pytest.fixture(scope="module")
def stage1(study, split):
    return train_stage1(STAGE1, split, ENCODER, study.store, progress=False)


@pytest.fixture(scope="module")
def stage2(study, split, stage1):
    return train_stage2(STAGE2, STAGE1, split, ENCODER, study.store, progress=False)


def test_the_pool_holds_the_targets_training_folds_and_no_tested_speaker(study):
    whole = study.zero_shot()
    tested = []
    for fold in range(5):
        split = study.adapted(fold)
        assert set(split.unlabelled["fold"]) == set(range(5)) - {fold} and set(split.test["fold"]) == {fold}
        assert set(split.unlabelled["language"]) == {"ur", "de", "bn"}
        assert not shared(split.unlabelled, split.test)
        pd.testing.assert_frame_equal(split.train, whole.train)
        pd.testing.assert_frame_equal(split.validation, whole.validation)
        tested.append(split.test)
    assert sorted(pd.concat(tested)["utterance_id"]) == sorted(whole.test["utterance_id"])
    assert set(study.adapted(1, ["bn"]).unlabelled["language"]) == {"bn"}
    with pytest.raises(ValueError, match="no clip to test on in fold 7"):
        study.adapted(7)


def test_an_official_split_of_a_target_is_kept(clips):
    source = {"language": ["en"] * 40, "speaker": [f"e{n % 10}" for n in range(40)], "fold": [n % 5 for n in range(40)]}
    names = [f"t{n}" for n in range(12)]
    target = clips(
        language=["ur"] * 12,
        speaker=names,
        utterance_id=names,
        audio_hash=names,
        fold=[n % 5 for n in range(12)],
        split=["train"] * 6 + ["test"] * 4 + ["validation"] * 2,
    )
    split = adapted(pd.concat([clips(**source), target], ignore_index=True), fold=2)
    assert split.unlabelled["speaker"].tolist() == names[:6] and split.test["speaker"].tolist() == names[6:10]


def test_both_views_of_a_clip_reach_the_batch_one_clean_and_one_augmented(split):
    dataset = CleanAndAugmented(split.unlabelled, 4.0, STAGE1.waveform)
    n = len(split.unlabelled)
    draw = both_views(lambda generator: generator.integers(n, size=5), n)
    clips = draw(np.random.default_rng(0))
    assert (clips[:5] + n == clips[5:]).all() and len(dataset) == 2 * n
    clean, plain = dataset[3, 9], Speech(split.unlabelled, 4.0, random_crop=True)[3, 9]
    assert np.array_equal(clean[0], plain[0]) and clean[2:] == (3, 9)
    views = [dataset[3 + n, seed] for seed in range(6)]
    assert all(view[2] == 3 + n for view in views)
    assert sum(not np.array_equal(view[0], clean[0]) for view in views) >= 5


def test_the_objective_is_the_loss_of_the_embeddings_by_speaker(split):
    pool = split.unlabelled
    speakers = torch.from_numpy(pd.factorize(pool["speaker"])[0])
    quiet = replace(STAGE1, projection=None, spectrogram=replace(STAGE1.spectrogram, probability=0.0))
    objective = SpeakerObjective(WhisperEncoder(ENCODER), quiet, speakers)
    dataset = CleanAndAugmented(pool, 4.0, STAGE1.waveform)
    clips = [0, 1, 60, 61]
    batch = collate([dataset[clip + view, 5] for view in (0, len(pool)) for clip in clips])
    loss, figures = objective(batch)
    z = objective.encoder(objective.log_mel(batch.waveforms), batch.frames)
    torch.testing.assert_close(loss, SpeakerNTXent(STAGE1.temperature)(z, speakers[clips * 2]))
    assert 0 <= figures["train_recall_at_1"] <= 1


def test_only_the_augmented_half_meets_the_spectrogram_augmentation(split):
    pool = split.unlabelled
    seen = []
    objective = SpeakerObjective(WhisperEncoder(ENCODER), STAGE1, torch.from_numpy(pd.factorize(pool["speaker"])[0]))
    objective.encoder.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    dataset = CleanAndAugmented(pool, 4.0, replace(STAGE1.waveform, probability=0.0))
    batch = collate([dataset[clip, 5] for clip in (0, 1, 60, 61)] * 2)
    batch.clips[4:] += len(pool)
    objective(batch)
    plain = objective.log_mel(batch.waveforms)
    assert torch.equal(seen[0][:4], plain[:4]) and not torch.equal(seen[0][4:], plain[4:])


def test_held_out_speakers_and_audio_are_not_learnt_from(split):
    pool = split.unlabelled.copy()
    pool.loc[pool.index[-1], "audio_hash"] = pool["audio_hash"].iloc[0]  # two speakers with one recording
    learned, held_out = hold_out(pool, 0.3, seed=1)
    assert not shared(learned, held_out) and len(learned) + len(held_out) == len(pool)
    assert len(np.unique(speaker_groups(held_out))) >= 2


def test_retrieval_and_equal_error_rate_against_hand_counts():
    angles = np.array([0.0, 0.1, 0.25, 1.5, 1.6, 1.05])
    speakers = np.array(["a", "a", "b", "b", "c", "c"])
    embeddings = np.stack([np.cos(angles), np.sin(angles)], 1) * np.arange(1, 7)[:, None]
    nearest = [1, 0, 1, 4, 3, 3]  # by angle, whatever the length
    recall = np.mean([speakers[i] == speakers[j] for i, j in enumerate(nearest)])
    assert speaker_scores(embeddings, speakers)["recall_at_1"] == pytest.approx(recall)
    apart = np.repeat(np.eye(3), 4, axis=0)
    perfect = speaker_scores(apart, np.repeat(list("abc"), 4))
    assert perfect == {"recall_at_1": 1.0, "eer": 0.0, "verification": 1.0}
    noise = np.random.default_rng(0).normal(size=(400, 64))
    assert speaker_scores(noise, np.repeat(np.arange(20), 20))["eer"] == pytest.approx(0.5, abs=0.03)
    with pytest.raises(ValueError, match="no pairs of both kinds"):
        speaker_scores(noise[:4], np.arange(4))


def test_layers_learn_at_rates_that_fall_towards_the_input():
    encoder = WhisperEncoder("random-3x32")
    *layers, last = layer_groups(encoder, 1e-3, 0.5)
    assert [group["lr"] for group in layers] == [2.5e-4, 5e-4, 1e-3] and last["lr"] == 1e-3
    listed = [id(p) for group in (*layers, last) for p in group["params"]]
    assert sorted(listed) == sorted(id(p) for p in encoder.parameters() if p.requires_grad)
    with pytest.raises(ValueError, match="0 to 1"):
        layer_groups(encoder, 1e-3, 1.5)


def test_an_encoder_is_saved_and_started_from_again(tmp_path):
    encoder = WhisperEncoder(ENCODER, seconds=3.0, pooling="all")
    encoder.save_pretrained(tmp_path / "encoder")
    again = WhisperEncoder.from_pretrained(tmp_path / "encoder")
    assert (again.seconds, again.pooling, fingerprint(again)) == (3.0, "all", fingerprint(encoder))
    shorter = WhisperEncoder(tmp_path / "encoder", seconds=2.0)
    assert shorter.pooling == "speech"
    assert torch.equal(shorter.whisper.embed_positions.weight, encoder.whisper.embed_positions.weight[:100])
    with pytest.raises(ValueError, match="at most 3 s"):
        WhisperEncoder(tmp_path / "encoder", seconds=4.0)
    EmotionClassifier(encoder).save_pretrained(tmp_path / "classifier")
    with pytest.raises(ValueError, match="not written by WhisperEncoder"):
        WhisperEncoder.from_pretrained(tmp_path / "classifier")


def test_stage1_reads_no_emotion_of_the_pool_and_no_test_clip(stage1, split, tmp_path):
    pool = split.unlabelled.assign(emotion=split.unlabelled["emotion"].sample(frac=1, random_state=0).to_numpy())
    other = Split(split.train, split.validation, split.test[:3], pool)
    again = train_stage1(STAGE1, other, ENCODER, RunStore(tmp_path), progress=False)
    assert again.folder.name == stage1.folder.name
    assert fingerprint(WhisperEncoder(again.model)) == fingerprint(WhisperEncoder(stage1.model))


def test_stage1_reports_speakers_before_and_after_and_who_was_left_out(study, stage1, split, tmp_path):
    report = json.loads((stage1.folder / REPORT_FILE).read_text())
    figures = {"recall_at_1", "eer", "verification", "emotion_macro_f1"}
    assert set(report["before"]) == set(report["after"]) == figures
    assert report["after"]["recall_at_1"] == pytest.approx(stage1.metrics["recall_at_1"].iloc[-1])
    assert report["left_out"] == [] and report["speakers"] + len(report["held_out"]) == 16
    few = split.unlabelled.drop(split.unlabelled[split.unlabelled["speaker"] == report["held_out"][0]].index[3:])
    short = Split(split.train, split.validation, split.test, few)
    run = train_stage1(replace(STAGE1, epochs=1), short, ENCODER, RunStore(tmp_path), progress=False)
    (left_out,) = json.loads((run.folder / REPORT_FILE).read_text())["left_out"]
    assert left_out == {"corpus": "demo", "speaker": report["held_out"][0], "clips": 3}


def test_frozen_layers_stay_and_the_others_move(stage1):
    before, after = WhisperEncoder(ENCODER).whisper, WhisperEncoder(stage1.model).whisper
    assert torch.equal(before.conv1.weight, after.conv1.weight)
    assert torch.equal(before.embed_positions.weight, after.embed_positions.weight)
    assert not torch.equal(before.layers[0].fc1.weight, after.layers[0].fc1.weight)


def test_the_loss_can_be_learnt(split):
    """On one batch of the sampler, over and over, speakers come apart."""
    pool = split.unlabelled
    speakers = pd.factorize(pool["speaker"])[0]
    draw = both_views(speaker_balanced(speakers, 16, 4), len(pool))
    dataset = CleanAndAugmented(pool, 4.0, STAGE1.waveform)
    batch = collate([dataset[clip, 3] for clip in draw(np.random.default_rng(0)).tolist()])
    torch.manual_seed(0)
    objective = SpeakerObjective(WhisperEncoder(ENCODER), STAGE1, torch.from_numpy(speakers))
    optimizer = torch.optim.Adam([p for p in objective.parameters() if p.requires_grad], lr=3e-3)
    losses = []
    for _ in range(250):
        loss, _ = objective(batch)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(objective.parameters(), STAGE1.clip_norm)
        optimizer.step()
        losses.append(loss.item())
    assert np.mean(losses[-10:]) < 0.85 * losses[0]


def test_stage2_is_the_baseline_from_stage1s_weights(study, stage1, stage2, split):
    assert stage2.environment["stage1"] == stage1.folder.name and stage2.folder.name.startswith("contrastive-")
    start = EmotionClassifier(WhisperEncoder(stage1.model)).encoder.state_dict()
    assert stage2.config["config"] == json.loads(json.dumps(STAGE2.__dict__, default=lambda value: value.__dict__))
    frozen = replace(STAGE2, learning_rate=0.0, weight_decay=0.0, epochs=1)
    run = train_stage2(frozen, STAGE1, split, ENCODER, study.store, progress=False)
    kept = EmotionClassifier.from_pretrained(run.model).encoder.state_dict()
    assert all(torch.equal(start[name], kept[name]) for name in start)


def test_stage2_finds_stage1_and_both_repeat(study, stage1, stage2, split, tmp_path):
    written = stage1.folder.stat().st_mtime_ns
    train_stage2(STAGE2, STAGE1, split, ENCODER, study.store, progress=False)
    assert stage1.folder.stat().st_mtime_ns == written
    again = train_stage2(STAGE2, STAGE1, split, ENCODER, RunStore(tmp_path), progress=False)
    assert again.folder.name == stage2.folder.name and len(list(tmp_path.glob("contrastive-stage1-*"))) == 1
    pd.testing.assert_frame_equal(again.predictions, stage2.predictions)


def test_settings_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="languages or genders"):
        ContrastiveConfig(batches="men")
    with pytest.raises(ValueError, match="same-emotion"):
        ContrastiveConfig(pairs="all")
    with pytest.raises(ValueError, match="whole speakers of 4"):
        ContrastiveConfig(batch_size=30)
