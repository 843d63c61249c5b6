"""The stored table of frozen embeddings: which clips it holds, how exactly, and what a stranger's file is told."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import f1_score

from sernb.data.files import FileError
from sernb.experiments import frozen
from sernb.experiments.layers import probe
from sernb.models.whisper import WhisperEncoder


def test_every_third_speaker_of_crema_d_and_every_labelled_clip_of_others(clips):
    rows = clips(
        corpus=["cremad"] * 7 + ["urdu"] * 3,
        speaker=[f"cremad/{number}" for number in (4, 1, 2, 3, 0, 5, 3)] + ["urdu/a", "urdu/b", "urdu/b"],
        emotion=["sad"] * 9 + [None],
    )
    kept = frozen.chosen(rows)
    assert kept["speaker"].tolist() == ["cremad/3", "cremad/0", "cremad/3", "urdu/a", "urdu/b"]
    assert kept.index.tolist() == list(range(5))


def test_values_keep_a_sixtyfourth_of_a_deviation_whatever_their_size():
    exact = np.random.default_rng(0).normal([0, 3, -7], [1, 0.01, 0.4], (200, 3))
    kept = frozen.rounded(exact)
    assert kept.dtype == np.float16
    assert (np.abs(kept.astype(float) - exact) <= exact.std(0) / 64 + np.spacing(kept).astype(float) / 2).all()
    assert np.isfinite(frozen.rounded(np.ones((4, 2)))).all()  # a dimension that never changes


def test_a_table_without_a_labelled_clip_is_refused(clips):
    with pytest.raises(ValueError, match="nothing to embed"):
        frozen.frozen_table(clips(emotion=[None, None]), WhisperEncoder("random-1x32"))


def test_another_table_is_named_with_the_remedy(tmp_path):
    pd.DataFrame({"corpus": ["a"]}).to_parquet(tmp_path / "other.parquet")
    with pytest.raises(FileError, match="lacks the columns .*embedding.*sernb embeddings"):
        frozen.read(tmp_path / "other.parquet")


def test_the_stored_table_is_whole_small_and_speaker_disjoint():
    clips, vectors = frozen.read()
    assert frozen.FILE.stat().st_size < 4.5e6
    assert vectors.shape == (len(clips), 512) and np.isfinite(vectors).all()
    assert set(clips["corpus"]) == {"ravdess", "tess", "cremad", "urdu", "emodb", "banglaser"}
    assert clips["utterance_id"].is_unique and clips.notna().all(axis=None)
    assert (clips.groupby("speaker")[["fold", "gender", "corpus"]].nunique() == 1).all(axis=None)
    assert not clips["utterance_id"].str.startswith("/").any()


def test_the_stored_table_shows_that_urdu_is_shifted():
    clips, vectors = frozen.read()
    english, urdu = ((clips["language"] == code).to_numpy() for code in ("en", "ur"))
    scaler, model = probe(vectors[english], clips["emotion"][english])
    own = (vectors[urdu] - vectors[urdu].mean(0)) / vectors[urdu].std(0)
    with_english, with_own = (
        f1_score(clips["emotion"][urdu], model.predict(part), average="macro")
        for part in (scaler.transform(vectors[urdu]), own)
    )
    assert 0.38 < with_english < with_own - 0.04 < 0.6
