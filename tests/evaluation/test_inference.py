"""A model and recordings: windows, files, statistics, confidence, ensembles."""

import json

import numpy as np
import pytest
import torch

from sernb.data.inspection import CANCELLED
from sernb.evaluation.inference import audio_paths, classify, predict, statistics
from sernb.labels import EMOTIONS, PROBABILITIES
from sernb.models.classifier import EmotionClassifier
from sernb.models.confidence import UNSURE, Confidence
from sernb.models.ensemble import Ensemble, member_folders, save_ensemble
from sernb.models.statistics import Statistics
from sernb.models.whisper import WhisperEncoder
from sernb.speech.audio import fit_length, load, speech_frames

CPU = torch.device("cpu")


def made(folder, seed=0, confidence=None):
    torch.manual_seed(seed)
    model = EmotionClassifier(WhisperEncoder("random-1x32", 2.0, seed=seed))
    torch.nn.init.normal_(model.head[3].weight, std=3.0)  # answers that differ from clip to clip
    model.save_pretrained(folder)
    if confidence is not None:
        confidence.save(folder)
    return folder


@pytest.fixture
def model(tmp_path):
    return made(tmp_path / "model")


@pytest.fixture
def files(noise, tmp_path):
    return [str(noise(tmp_path / f"{number}.wav", 0.7 + 1.7 * number)) for number in range(5)]


def test_every_window_gets_what_the_classifier_says_of_it_alone(model, files):
    found = predict(Ensemble.load(model, CPU), files, step=1.0, batch_size=3)
    whole = EmotionClassifier.from_pretrained(model).eval()
    for row in found.windows.itertuples():
        samples, length = fit_length(load(row.file), 2.0, round(row.start_s * 16_000))
        with torch.inference_mode():
            log_mel = whole.log_mel(torch.from_numpy(samples)[None])
            shares = whole(log_mel, speech_frames(torch.tensor([length]))).softmax(-1)[0]
        np.testing.assert_allclose([getattr(row, name) for name in PROBABILITIES], shares, atol=0.03)
    for row in found.files.itertuples():
        own = found.windows[found.windows["file"] == row.file]
        mean = np.average(own[PROBABILITIES], axis=0, weights=own["end_s"] - own["start_s"])
        np.testing.assert_allclose([getattr(row, name) for name in PROBABILITIES], mean, rtol=1e-6)
        assert row.label == EMOTIONS[int(mean.argmax())] and row.windows == len(own)
        assert row.heard_s == pytest.approx(row.duration_s) == pytest.approx(own["end_s"].max())


def test_no_file_is_lost_and_order_is_kept(model, files, tmp_path):
    broken = tmp_path / "broken.wav"
    broken.write_text("no audio")
    given = [str(broken), files[3], str(tmp_path / "missing.wav"), files[0], str(broken)]
    found = predict(Ensemble.load(model, CPU), given)
    assert list(found.files["file"]) == given
    assert list(found.rejects["file"]) == [given[0], given[2], given[4]] and found.rejects["reason"].notna().all()
    assert list(found.files["label"].notna()) == [False, True, False, True, False]
    nothing = predict(Ensemble.load(model, CPU), [])
    assert nothing.files.empty and nothing.windows.empty


def test_silence_beside_speech_is_marked_and_not_counted(model, tmp_path):
    import soundfile

    speech = np.random.default_rng(0).uniform(-0.5, 0.5, 16_000 * 6).astype("f4")
    speech[16_000 * 2 : 16_000 * 4] *= CANCELLED / 2
    soundfile.write(tmp_path / "x.wav", speech, 16_000)
    found = predict(Ensemble.load(model, CPU), [tmp_path / "x.wav"], step=2.0)
    assert list(found.windows["problem"].notna()) == [False, True, False] and found.files["heard_s"][0] == 4
    assert "silent" in found.windows["problem"][1] and found.windows[PROBABILITIES].iloc[1].isna().all()


def test_confidence_changes_probabilities_and_names_no_class_under_its_threshold(tmp_path, files):
    plain = predict(Ensemble.load(made(tmp_path / "a"), CPU), files, step=1.0).windows
    sure = made(tmp_path / "b", confidence=Confidence(2.0, 0.0, 10, 2))
    warm = predict(Ensemble.load(sure, CPU), files, step=1.0).windows
    powers = plain[PROBABILITIES].to_numpy(float) ** 0.5
    np.testing.assert_allclose(warm[PROBABILITIES], powers / powers.sum(1, keepdims=True), atol=1e-5)
    assert list(warm["label"]) == list(plain["label"])
    threshold = float(warm[PROBABILITIES].max(axis=1).median())
    doubting = made(tmp_path / "c", confidence=Confidence(2.0, threshold, 10, 2))
    unsure = predict(Ensemble.load(doubting, CPU), files, step=1.0)
    below = warm[PROBABILITIES].max(axis=1) < threshold
    assert below.any() and list(unsure.windows["label"] == UNSURE) == list(below)


def test_notes_tell_how_recordings_differ_from_those_trained_on(tmp_path, noise):
    files = [noise(tmp_path / f"{number}.wav", 1.0, rate=8_000) for number in range(3)]
    known = made(tmp_path / "m", confidence=Confidence(1.0, 0.0, 10, 2, level=(0.8, 1.0)))
    level, band = predict(Ensemble.load(known, CPU), files).notes
    assert (
        "mostly 0.800 to 1.000; on the reference corpora a tenth of the level changed a probe's macro-F1 by " in level
    )
    assert "end at 4000 Hz, the model listens up to 8000 Hz" in band
    alike = [noise(tmp_path / "wide.wav", 1.0)]
    assert predict(Ensemble.load(made(tmp_path / "n"), CPU), alike).notes == ()


def test_statistics_recentre_and_need_the_trained_clips(tmp_path, model, files):
    with pytest.raises(ValueError, match="doesn't hold the statistics"):
        statistics(Ensemble.load(model, CPU), files)
    source = Statistics(np.full(32, 1.0, "f4"), np.full(32, 2.0, "f4"))
    heard = Ensemble.load(made(tmp_path / "m", confidence=Confidence(1.0, 0.0, 10, 2, source)), CPU)
    own = statistics(heard, [*files, tmp_path / "missing.wav"])
    beginnings = np.stack([fit_length(load(file), 2.0)[0] for file in files])
    lengths = [fit_length(load(file), 2.0)[1] for file in files]
    embeddings = heard.embed(beginnings, lengths)[0]
    np.testing.assert_allclose(own[0].mean, embeddings.mean(0), atol=2e-2)
    moved = heard.probabilities([embeddings], own)
    expected = (embeddings - own[0].mean) / own[0].deviation * 2.0 + 1.0
    np.testing.assert_allclose(moved, heard.probabilities([expected]), atol=1e-4)
    with pytest.raises(ValueError, match="at least two recordings"):
        statistics(heard, files[:1])


def test_an_ensemble_says_the_mean(tmp_path, files):
    models = [made(tmp_path / f"m{seed}", seed) for seed in range(3)]
    save_ensemble(models, tmp_path / "all")
    assert [folder.name for folder in member_folders(tmp_path / "all")] == ["member-0", "member-1", "member-2"]
    apart = [predict(Ensemble.load(one, CPU), files).windows[PROBABILITIES].to_numpy(float) for one in models]
    together = predict(Ensemble.load(tmp_path / "all", CPU), files).windows[PROBABILITIES]
    np.testing.assert_allclose(together, np.mean(apart, 0), atol=1e-6)


@pytest.mark.parametrize("members", [[], ["../m0"], ["member-0/../../x"], [1], "member-0", ["member-0"] * 100])
def test_an_ensemble_has_its_members_inside(tmp_path, members):
    (tmp_path / "config.json").write_text(json.dumps({"members": members}))
    with pytest.raises(ValueError, match="'members' is no list"):
        Ensemble.load(tmp_path)


def test_files_folders_and_patterns(model, files, tmp_path, noise):
    noise(tmp_path / "a" / "b" / "deep [1].wav")
    (tmp_path / "a" / "notes.txt").write_text("no audio")
    assert audio_paths([tmp_path / "a"]) == audio_paths([f"{tmp_path}/a/**/*.wav"])
    assert audio_paths([tmp_path / "a" / "b" / "deep [1].wav"]) == [str(tmp_path / "a" / "b" / "deep [1].wav")]
    assert audio_paths([f"{tmp_path}/[0-2].wav", f"{tmp_path}/none*.wav"]) == [*files[:3], f"{tmp_path}/none*.wav"]
    assert len(classify(model, [tmp_path])) == 6


@pytest.mark.parametrize(("window", "step"), [(2.5, None), (0.1, None), (1.0, 1.5), (1.0, 0.0), (float("nan"), None)])
def test_windows_out_of_range(model, window, step):
    with pytest.raises(ValueError, match="window of|step of"):
        predict(Ensemble.load(model, CPU), [], window, step)
