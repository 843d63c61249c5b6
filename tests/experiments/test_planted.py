"""The demo corpus is a planted truth: what chapters say of it holds in the runs of their default profile."""

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from sernb.evaluation.predictions import scores
from sernb.experiments import leak
from sernb.experiments.recipes import train_recipe
from sernb.experiments.study import open_study
from sernb.labels import EMOTIONS
from sernb.models.classifier import EmotionClassifier
from sernb.models.embeddings import embed
from sernb.models.whisper import WhisperEncoder
from sernb.speech.audio import fit_length, load, speech_frames
from sernb.speech.augment import WaveformAugmentation, augment_waveform
from sernb.training.byol import ByolConfig, collapse, train_byol
from sernb.training.contrastive import ContrastiveConfig, train_stage1

LANGUAGES = ("ur", "de", "bn")


def macro_f1(predictions):
    return scores(predictions)["macro_f1"]


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TQDM_DISABLE", "1")
        yield open_study("ur", "smoke", seed=0, runs=tmp_path_factory.mktemp("runs"), progress=False)


@pytest.fixture(scope="module")
def baseline(study):
    return next(train_recipe("baseline", study, 0))


@pytest.fixture(scope="module")
def english(baseline):
    return macro_f1(baseline.predictions.query("part == 'validation'"))


def test_emotion_is_learnt_in_english(english):
    assert english >= 0.85


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_shift_costs_and_target_statistics_win_it_back(language, baseline, english):
    plain, moved = (
        macro_f1(table[(table["part"] == "test") & (table["language"] == language)])
        for table in (baseline.predictions, baseline.variant("statistics"))
    )
    assert plain < english - 0.1 and moved > plain + 0.1


@pytest.mark.parametrize("language", LANGUAGES)
def test_too_few_clips_of_a_language_teach_heads_badly(language, baseline):
    taught, moved = (
        macro_f1(table[table["language"] == language])
        for table in (baseline.variant("self-trained"), baseline.variant("statistics"))
    )
    assert taught < moved and (baseline.predictions["language"] == language).sum() == 120


@pytest.fixture(scope="module")
def encoded(study):
    clips = study.manifest.query("language in @LANGUAGES").reset_index(drop=True)
    return clips, embed(WhisperEncoder(study.encoder, seed=0), clips)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_leak_flatters(language, encoded):
    clips, embeddings = encoded
    own = clips[clips["language"] == language]
    judged = leak.over_deals(own, embeddings[own.index])
    careless, disjoint = (macro_f1(judged[judged["part"] == part]) for part in (leak.CARELESS, leak.DISJOINT))
    assert careless > disjoint


@pytest.fixture(scope="module")
def stage1(study):
    config = study.profile.config("contrastive", ContrastiveConfig, seed=0)
    return config, train_stage1(config, study.adapted(fold=0), study.encoder, study.store, progress=False)


def test_stage_1_learns_who_speaks_and_loses_nothing_of_emotion(stage1):
    _, run = stage1
    before, after = run.report["before"], run.report["after"]
    assert after["eer"] < before["eer"] - 0.05 and after["recall_at_1"] > before["recall_at_1"] - 0.05
    assert after["emotion_macro_f1"] > before["emotion_macro_f1"] - 0.05


@pytest.mark.parametrize("language", LANGUAGES)
def test_stage_1_parts_speakers_it_never_heard(language, study, stage1):
    config, run = stage1
    clips = study.adapted(fold=0).test.query("language == @language")
    speakers = clips["speaker"].to_numpy(object)
    first, second = np.triu_indices(len(clips), 1)
    told_apart = []
    for weights in (study.encoder, run.model):
        encoder = WhisperEncoder(weights, config.seconds, config.pooling, config.seed, config.layers)
        vectors = embed(encoder, clips)
        unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        likeness = (unit @ unit.T)[first, second]
        told_apart.append(roc_auc_score(speakers[first] == speakers[second], likeness))
    assert told_apart[1] > told_apart[0]


def test_byol_comes_to_agree_and_does_not_collapse(study):
    config = study.profile.config("byol", ByolConfig, seed=0)
    metrics = train_byol(config, study.adapted(fold=0), study.encoder, study.store, progress=False).metrics
    assert metrics["byol"].iloc[-1] < 0.7 * metrics["byol"].iloc[0]
    assert collapse(metrics) is None
    assert metrics["effective_rank"].iloc[-1] > metrics["rank_start"].iloc[-1] / 3


def test_noise_harms(study, baseline):
    clips = study.zero_shot().validation
    model = EmotionClassifier.from_pretrained(baseline.model).eval()
    loud = WaveformAugmentation(snr_db=(0, 0), gain_db=None, speed=None, polarity=False, probability=1.0)
    right = []
    for change in (lambda samples: samples, lambda samples: augment_waveform(samples, loud, 0)):
        windows, spoken = zip(*(fit_length(change(load(path)), 4.0) for path in clips["path"]), strict=True)
        with torch.inference_mode():
            named = model(model.log_mel(torch.from_numpy(np.stack(windows))), speech_frames(torch.tensor(spoken)))
        right.append((np.array(EMOTIONS)[named.argmax(-1)] == clips["emotion"].to_numpy(str)).mean())
    assert right[1] < right[0] - 0.2
