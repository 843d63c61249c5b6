"""What a finished run leaves behind beside its predictions: averaged weights, target statistics, embeddings."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from sernb.data.folds import Split
from sernb.evaluation.predictions import PROBABILITIES, infer, scores
from sernb.experiments.study import open_study
from sernb.models.classifier import EmotionClassifier
from sernb.models.statistics import Statistics
from sernb.runs import SELF_TRAINED, predictions_file
from sernb.training.baseline import BaselineConfig, train_baseline
from sernb.training.loop import make_accelerator
from sernb.training.outputs import CURVE_FILE, store_outputs
from sernb.training.self_training import self_trained
from sernb.training.target_statistics import sample

SHORT = {"epochs": 3, "batches_per_epoch": 3, "batch_size": 8, "workers": 0}
ENCODER = "random-1x32"


@pytest.fixture(scope="module")
def split(tmp_path_factory):
    study = open_study(None, "smoke", runs=tmp_path_factory.mktemp("runs"), progress=False)
    whole = study.zero_shot()
    return study, Split(whole.train, whole.validation, whole.test.groupby("speaker").head(2))


@pytest.fixture(scope="module")
def run(split):
    study, few = split
    return train_baseline(BaselineConfig(**SHORT, averaging=0.5), few, ENCODER, study.store, progress=False)


def test_a_run_names_its_variants_and_refuses_others(run):
    assert run.variants == ["last", "last-statistics", "self-trained", "statistics"]
    with pytest.raises(FileNotFoundError, match="no variant 'target'; it has last"):
        run.variant("target")


def test_the_model_is_the_average_at_the_last_step_whatever_validation_says(run):
    judged = run.predictions.query("part == 'validation'")
    assert scores(judged)["macro_f1"] == pytest.approx(run.metrics["macro_f1"].iloc[-1])


def test_the_learning_curve_on_target_clips_ends_in_the_stored_predictions(run):
    curve = pd.read_parquet(run.folder / CURVE_FILE)
    assert curve["step"].unique().tolist() == [3, 6, 9]
    last = curve.query("step == 9").set_index("utterance_id")[PROBABILITIES]
    judged = run.predictions.query("part == 'test'").set_index("utterance_id").loc[last.index, PROBABILITIES]
    np.testing.assert_allclose(last, judged, atol=0.01)  # half precision


def test_the_average_forgets_as_its_closed_form_says():
    model = nn.Linear(1, 1, bias=False)
    averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.97))
    seen = [1.0, 4.0, -2.0, 0.5]
    for value in seen:
        nn.init.constant_(model.weight, value)
        averaged.update_parameters(model)
    # the first value is copied, each later one enters with weight 0.03
    expected = seen[0]
    for value in seen[1:]:
        expected = 0.97 * expected + 0.03 * value
    assert averaged.module.weight.item() == pytest.approx(expected, abs=1e-6)


def test_no_averaging_gives_the_trained_weights_themselves(split, tmp_path):
    study, few = split
    run = train_baseline(BaselineConfig(**SHORT, averaging=0.0), few, ENCODER, study.store, progress=False)
    pd.testing.assert_frame_equal(run.predictions, run.variant("last"))


def test_averaging_leaves_the_training_alone(run, split):
    study, few = split
    other = train_baseline(BaselineConfig(**SHORT, averaging=0.9), few, ENCODER, study.store, progress=False)
    pd.testing.assert_frame_equal(run.variant("last"), other.variant("last"))
    assert not run.predictions.equals(other.predictions)


def test_embeddings_are_those_behind_the_test_predictions(run, split):
    test = run.predictions.query("part == 'test'")
    embeddings = run.embeddings.loc[test["utterance_id"]]
    model = EmotionClassifier.from_pretrained(run.model).eval()
    with torch.inference_mode():
        shares = model.head(torch.tensor(embeddings.to_numpy(np.float32))).softmax(-1).numpy()
    np.testing.assert_allclose(shares, test[PROBABILITIES], atol=0.02)  # half precision, and bf16 where there is one


def test_no_dropout_between_an_embedding_and_its_probabilities(run, split, tmp_path):
    _, few = split
    tables = []
    for name in ("once", "twice"):
        model = EmotionClassifier.from_pretrained(run.model).train()  # as it comes
        (tmp_path / name).mkdir()
        store_outputs(model, few, tmp_path / name, make_accelerator(), progress=False)
        tables.append(pd.read_parquet(tmp_path / name / predictions_file("statistics")))
    pd.testing.assert_frame_equal(*tables)
    pd.testing.assert_frame_equal(tables[0], run.variant("statistics"))


def test_self_training_hears_every_clip_of_the_target(run, split, tmp_path):
    study, few = split
    target = study.zero_shot().test.assign(emotion=None)
    model, accelerator = EmotionClassifier.from_pretrained(run.model).eval(), make_accelerator()
    store_outputs(model, replace(few, target=target), tmp_path, accelerator, progress=False)
    stored = pd.read_parquet(tmp_path / predictions_file(SELF_TRAINED))
    test, others, source = (infer(model, clips, accelerator)[1] for clips in (few.test, target, sample(few.train)))
    source = Statistics.of(source)
    expected = self_trained(test, few.test, others, target, source, model.judge)
    assert len(target) > 2 * len(stored)
    alone = self_trained(test, few.test, test, few.test, source, model.judge)
    far = np.abs(alone - expected).max()  # what it would be without the clips that nobody judges
    assert np.abs(stored[PROBABILITIES] - expected).max(axis=None) < 0.1 * far  # bfloat16, in batches of other lengths
