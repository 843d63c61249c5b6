"""A card in every saved model, with the run's own figures."""

import numpy as np
import pytest
from huggingface_hub import ModelCard
from stored import answers, store

from sernb.evaluation.model_card import CARD_FILE, carded, model_card
from sernb.evaluation.predictions import scores


@pytest.fixture
def run(tmp_path):
    table = answers(np.random.default_rng(0))
    return store(tmp_path / "contrastive-0123", 3, table, recipe="contrastive")


def test_the_card_carries_the_runs_scores_in_both_forms(run):
    card = model_card(run)
    test = run.predictions.query("part == 'test'")
    by_metric = {result.metric_name: result.metric_value for result in card.data.eval_results}
    assert by_metric["macro-F1"] == pytest.approx(scores(test)["macro_f1"], abs=1e-4)
    assert card.data.language == ["en", "ur"] and card.data.base_model == "openai/whisper-tiny.en"
    assert f"| all | urdu | ur | 8 | 64 | {scores(test)['accuracy']:.2f} \\[" in card.text
    assert "| female | urdu | ur | 4 | 32 |" in card.text and "Seed 3" in card.text
    assert "speaker-contrastive" in card.text and "must not be used" in card.text


def test_it_is_written_once_beside_the_weights_and_can_be_read_back(run):
    assert carded(run) == run and not run.model.exists()  # nothing to describe without weights
    run.model.mkdir()
    carded(run)
    file = run.model / CARD_FILE
    assert ModelCard.load(file).data.pipeline_tag == "audio-classification"
    file.write_text("mine")
    carded(run)
    assert file.read_text() == "mine"


def test_a_run_without_labelled_targets_says_so(tmp_path):
    table = answers(np.random.default_rng(0))
    run = store(tmp_path / "baseline-0", 0, table)
    only = run.predictions.query("part == 'validation'")
    only.to_parquet(run.folder / "predictions.parquet", index=False)
    card = model_card(run)
    assert "judged on no labelled clip" in card.text and card.data.eval_results is None
