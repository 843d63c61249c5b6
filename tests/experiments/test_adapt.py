"""From a folder of clips to a model: told first, trained, judged where there are labels, found again."""

import shutil

import numpy as np
import pandas as pd
import pytest
from huggingface_hub import ModelCard

from sernb.corpora.demo import make_demo
from sernb.evaluation import comparison
from sernb.evaluation.ensembles import ensemble
from sernb.evaluation.inference import classify
from sernb.evaluation.predictions import infer
from sernb.experiments import adapt as adapting
from sernb.labels import PROBABILITIES
from sernb.models.classifier import EmotionClassifier
from sernb.models.confidence import Confidence
from sernb.models.statistics import Statistics, recentred
from sernb.runs import SELF_TRAINED
from sernb.teaching.example_corpus import OWN, make_example
from sernb.training.loop import make_accelerator
from sernb.training.self_training import Settings, taught_by_names

SMALL = {"profile": "smoke", "encoder": "random-1x32", "progress": False}


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    return make_example(tmp_path_factory.mktemp("example"), 0)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="module")
def labelled(example, runs, tmp_path_factory):
    planned = adapting.plan(example / OWN, make_demo(), seeds=2, runs=runs, **SMALL)
    return planned, adapting.adapt(planned, tmp_path_factory.mktemp("out") / "model", progress=False)


def test_it_says_what_it_found_and_will_do_before_anything_is_trained(labelled):
    planned, _ = labelled
    told = "\n".join(planned.lines)
    for part in (
        "Found: ",
        "h of Swahili",
        "Left out: ",
        "Note: ",
        "Will do: train 2 models",
        "Time: about",
        "Can't know",
    ):
        assert part in told, part
    assert planned.language == "sw" and set(planned.clips["language"]) == {"sw"}


def test_labels_judge_people_nobody_learnt_from(labelled):
    planned, made = labelled
    assert set(made.judged["language"]) == {"sw"} and "macro-F1" in made.lines[0]
    assert any(line.startswith("Of female speakers") for line in made.lines)
    heard = planned.split(0)
    assert not set(made.judged["speaker"]) & set(pd.concat([heard.train, heard.validation])["speaker"])
    np.testing.assert_allclose(made.judged[PROBABILITIES].sum(axis=1), 1, atol=1e-5)


def test_the_model_carries_the_clips_statistics_and_a_card(labelled):
    planned, made = labelled
    assert Confidence.load(made.model).clips == Confidence.load(made.runs[0].model).clips
    assert Confidence.load(made.model / "member-1").target is not None
    card = ModelCard.load(made.model / "README.md")
    assert card.data.language == ["sw"] and card.data.eval_results and "Who is missing" in card.text
    table = classify(made.model, planned.clips["path"][:3])
    plain = classify(made.model, planned.clips["path"][:3], own=None)
    assert table["label"].notna().all() and not np.allclose(table[PROBABILITIES], plain[PROBABILITIES])


def test_asked_again_nothing_is_trained(labelled, example, runs, tmp_path):
    again = adapting.plan(example / OWN, make_demo(), seeds=2, runs=runs, **SMALL)
    assert any("found again" in line for line in again.lines)
    before = {path: path.stat().st_mtime_ns for path in runs.rglob("*.safetensors")}
    adapting.adapt(again, tmp_path / "model", progress=False)
    assert before == {path: path.stat().st_mtime_ns for path in runs.rglob("*.safetensors")}


def test_members_teach_themselves(labelled, example, runs, tmp_path):
    plain, made = labelled
    planned = adapting.plan(example / OWN, make_demo(), seeds=2, self_training=True, runs=runs, **SMALL)
    assert any("(--self-training)" in line for line in planned.lines)
    assert not any("(--self-training)" in line for line in plain.lines)
    taught = adapting.adapt(planned, tmp_path / "taught", progress=False)
    assert [run.folder for run in taught.runs] == [run.folder for run in made.runs]  # the same trainings
    for number, run in enumerate(made.runs):
        member = taught.model / f"member-{number}"
        old, new = (EmotionClassifier.from_pretrained(folder) for folder in (run.model, member))
        known = Confidence.load(member)
        embeddings = infer(old, planned.clips, make_accelerator())[1]
        own = Statistics.of(embeddings)
        np.testing.assert_allclose(known.target.mean, own.mean, rtol=1e-4, atol=1e-5)
        names = old.judge(recentred(embeddings, own, known.source))
        expected = taught_by_names(own.standard_scores(embeddings), names, Settings()).predict_proba(
            own.standard_scores(embeddings)
        )
        np.testing.assert_allclose(new.judge(recentred(embeddings, own, known.source)), expected, atol=1e-3)
    judged = ensemble(comparison.pooled(list(taught.runs), variant=SELF_TRAINED))
    pd.testing.assert_frame_equal(taught.judged, judged)
    assert (
        "re-centred and self-trained" in taught.lines[0]
        and "--self-training" in (taught.model / "README.md").read_text()
    )
    few = planned.clips["path"][:3]
    assert not np.allclose(classify(taught.model, few)[PROBABILITIES], classify(made.model, few)[PROBABILITIES])


def test_speakers_without_a_gender_are_not_said_to_be_neither(example, runs, tmp_path):
    shutil.copytree(example / OWN, tmp_path / "own")
    table = pd.read_csv(tmp_path / "own" / "corpus.csv", dtype=str)
    table.drop(columns="gender").to_csv(tmp_path / "own" / "corpus.csv", index=False)
    planned = adapting.plan(tmp_path / "own", make_demo(), "sw", seeds=1, runs=runs, **SMALL)
    speakers = planned.clips["speaker"].nunique()
    assert f"{speakers} speakers ({speakers} of unknown gender)" in planned.lines[0]


def test_a_folder_of_audio_alone_is_enough_and_is_not_judged(example, runs, tmp_path):
    (tmp_path / "radio").mkdir()
    for clip in sorted((example / OWN / "clips").glob("sw_*.wav"))[:6]:
        shutil.copy(clip, tmp_path / "radio")
    (tmp_path / "radio" / "broken.wav").write_text("no audio")
    planned = adapting.plan(tmp_path / "radio", make_demo(), "sw", seeds=1, runs=runs, **SMALL)
    assert "speakers unknown, 0 with a label" in planned.lines[0]
    assert any("cannot be read as audio" in line for line in planned.lines)
    made = adapting.adapt(planned, tmp_path / "model", progress=False)
    assert made.judged.empty and "Not judged" in made.lines[0] and "was not measured" in made.lines[0]
    assert "Test: nobody" in (made.model / "README.md").read_text()


def test_without_a_folder_the_clips_are_those_of_the_language_in_the_corpora(runs):
    planned = adapting.plan(None, None, "ur", seeds=1, runs=runs, **SMALL)
    assert planned.study.is_demo and set(planned.study.manifest["language"]) == {"en", "ur"}
    with pytest.raises(ValueError, match="bn, de, ur"):
        adapting.plan(None, None, "sw", runs=runs, **SMALL)


def test_what_cannot_be_done_is_said_at_once(example, runs, tmp_path, noise):
    with pytest.raises(FileNotFoundError, match="no folder"):
        adapting.plan(tmp_path / "nothing", make_demo(), runs=runs, **SMALL)
    with pytest.raises(ValueError, match="are in sw, not am"):
        adapting.plan(example / OWN, make_demo(), "am", runs=runs, **SMALL)
    noise(tmp_path / "one" / "a.wav")
    with pytest.raises(ValueError, match="1 clips that can be used"):
        adapting.plan(tmp_path / "one", make_demo(), runs=runs, **SMALL)
    noise(tmp_path / "one" / "b.wav")
    with pytest.raises(ValueError, match="stage 1 needs 8 speakers"):
        adapting.plan(tmp_path / "one", make_demo(), stage1=True, runs=runs, **SMALL)
    with pytest.raises(ValueError, match="are of another language"):
        adapting.plan(tmp_path / "one", make_demo(), "en", runs=runs, **SMALL)
    with pytest.raises(ValueError, match="no English clip with an emotion label"):
        adapting.plan(tmp_path / "one", example / OWN, runs=runs, **SMALL)
