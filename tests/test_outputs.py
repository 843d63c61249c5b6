"""What a finished run leaves behind beside its predictions: averaged weights, target statistics, embeddings."""

import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from sernb.evaluation import PROBABILITIES, scores
from sernb.folds import Split
from sernb.models import EmotionClassifier
from sernb.runs import predictions_file
from sernb.study import open_study
from sernb.training.baseline import BaselineConfig, train_baseline
from sernb.training.loop import make_accelerator
from sernb.training.outputs import CLIPS, aligned, sample, store_outputs

SHORT = {"epochs": 3, "batches_per_epoch": 3, "batch_size": 8, "workers": 0, "patience": 3}
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
    assert run.variants == ["averaged", "averaged-statistics", "statistics"]
    with pytest.raises(FileNotFoundError, match="no variant 'target'; it has averaged"):
        run.variant("target")


def test_averaged_weights_are_kept_at_the_epoch_best_for_them(run):
    judged = run.variant("averaged").query("part == 'validation'")
    assert scores(judged)["macro_f1"] == pytest.approx(run.metrics["averaged_macro_f1"].max())


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
    pd.testing.assert_frame_equal(run.predictions, run.variant("averaged"))


def test_averaging_leaves_the_training_alone(run, split):
    study, few = split
    other = train_baseline(BaselineConfig(**SHORT, averaging=0.9), few, ENCODER, study.store, progress=False)
    pd.testing.assert_frame_equal(run.predictions, other.predictions)
    assert not run.variant("averaged").equals(other.variant("averaged"))


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


def test_statistics_come_from_other_folds_and_match_the_source(clips):
    generator = np.random.default_rng(0)
    table = clips(corpus=["a"] * 40 + ["b"] * 20).assign(fold=[0] * 20 + [1] * 20 + [0] * 10 + [1] * 10)
    pool = generator.normal(3, 5, (60, 4))
    source = generator.normal(-1, 2, (200, 4))
    moved, known = aligned(pool, table, pool, table, source)
    assert known.all()
    for corpus, fold in (("a", 0), ("a", 1), ("b", 0), ("b", 1)):
        here = ((table["corpus"] == corpus) & (table["fold"] == fold)).to_numpy()
        others = ((table["corpus"] == corpus) & (table["fold"] != fold)).to_numpy()
        for row in np.flatnonzero(here):  # one clip, one dimension at a time
            for dimension in range(4):
                mean, deviation = np.mean(pool[others, dimension]), np.std(pool[others, dimension])
                z = (pool[row, dimension] - mean) / deviation
                expected = z * np.std(source[:, dimension]) + np.mean(source[:, dimension])
                assert moved[row, dimension] == pytest.approx(expected)


def test_a_speakers_own_fold_has_no_say_in_his_statistics(clips):
    generator = np.random.default_rng(0)
    table = clips(corpus=["a"] * 40).assign(fold=[0] * 20 + [1] * 20)
    pool, source = generator.normal(size=(40, 4)), generator.normal(size=(50, 4))
    moved, _ = aligned(pool[:1], table[:1], pool, table, source)
    disturbed = pool.copy()
    disturbed[1:20] += 100
    np.testing.assert_array_equal(moved, aligned(pool[:1], table[:1], disturbed, table, source)[0])


def test_clips_of_a_corpus_with_a_single_fold_have_no_statistics(clips):
    table = clips(corpus=["a"] * 4 + ["b"] * 4).assign(fold=[0, 0, 1, 1] + [0] * 4)
    embeddings = np.random.default_rng(0).normal(size=(8, 3))
    moved, known = aligned(embeddings, table, embeddings, table, embeddings)
    assert known.tolist() == [True] * 4 + [False] * 4
    np.testing.assert_array_equal(moved[4:], embeddings[4:])


def test_statistics_look_at_a_few_clips_of_each_corpus(clips):
    table = clips(corpus=["a"] * (CLIPS + 50) + ["b"] * 7)
    counts = sample(table)["corpus"].value_counts()
    assert counts.to_dict() == {"a": CLIPS, "b": 7}
    pd.testing.assert_frame_equal(sample(table), sample(table))
