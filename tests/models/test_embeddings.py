"""Encoding a table of clips: every layer at once, in any batches, and what is remembered."""

import numpy as np
import pandas as pd
import pytest

from sernb.data.decode import AudioError
from sernb.models.embeddings import embed, whisper_embeddings
from sernb.models.whisper import WhisperEncoder


@pytest.fixture(scope="module")
def speech(clips, noise, tmp_path_factory):
    folder = tmp_path_factory.mktemp("speech")
    return clips(path=[str(noise(folder / f"{n}.wav", seconds)) for n, seconds in enumerate((0.5, 1.5, 0.8))])


def encoder(**options) -> WhisperEncoder:
    return WhisperEncoder("random-3x32", seconds=1.0, **options)


def test_every_layer_is_what_encoders_cut_there_give(speech):
    layers = embed(encoder(), speech, every_layer=True)
    assert layers.shape == (3, 4, 32) and layers.dtype == np.float32
    for kept in (1, 2, 3):
        np.testing.assert_allclose(layers[:, kept], embed(encoder(layers=kept), speech), atol=1e-5)
    assert not np.allclose(layers[:, 0], layers[:, 1], atol=0.01)


@pytest.mark.parametrize("every_layer", [False, True])
def test_neither_batches_nor_an_empty_table_change_what_comes_out(speech, every_layer):
    whole = embed(encoder(), speech, every_layer=every_layer)
    apart = embed(encoder(), speech, batch_size=2, every_layer=every_layer)
    np.testing.assert_allclose(whole, apart, atol=1e-5)
    assert embed(encoder(), speech[:0], every_layer=every_layer).shape == (0, *whole.shape[1:])


def test_an_encoder_in_training_goes_on_training(speech):
    model = encoder().train()
    embed(model, speech)
    assert model.training and model.whisper.layers[0].fc1.weight.requires_grad


def test_each_kind_of_embedding_is_remembered_apart(speech, tmp_path):
    last, every = (
        whisper_embeddings(speech, encoder(), tmp_path, progress=False, every_layer=every) for every in (False, True)
    )
    assert len(list(tmp_path.iterdir())) == 2
    assert list(every.columns[[0, -1]]) == ["l0e0", "l3e31"]
    np.testing.assert_allclose(every.iloc[:, -32:], last, atol=1e-5)
    two, three = (
        whisper_embeddings(speech, encoder(layers=layers), tmp_path, progress=False) for layers in ((1, 3), (1, 2, 3))
    )  # the same weights, and other averages
    assert not np.allclose(two, three, atol=0.01)
    gone = speech.assign(path="/nowhere")
    again = whisper_embeddings(gone.iloc[::-1], encoder(), tmp_path, progress=False, every_layer=True)
    pd.testing.assert_frame_equal(again.iloc[::-1], every)
    with pytest.raises(AudioError):
        whisper_embeddings(gone, encoder(layers=1), tmp_path, progress=False)
