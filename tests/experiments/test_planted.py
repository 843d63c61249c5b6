"""The demo corpus is a planted truth: what chapters say of it holds in the runs of their default profile."""

import numpy as np
import pytest
import torch

from sernb.evaluation.predictions import scores
from sernb.experiments import leak
from sernb.experiments.recipes import train_recipe
from sernb.experiments.study import open_study
from sernb.labels import EMOTIONS
from sernb.models.embeddings import embed
from sernb.models.whisper import EmotionClassifier, WhisperEncoder
from sernb.speech.audio import fit_length, load, speech_frames
from sernb.speech.augment import WaveformAugmentation, augment_waveform

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
