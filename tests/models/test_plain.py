"""The classifier in plain torch says what transformers' says."""

import pytest
import torch

from sernb.models.classifier import EmotionClassifier
from sernb.models.plain import PlainClassifier, computes_bfloat16
from sernb.models.whisper import WhisperEncoder


@pytest.mark.parametrize(
    ("encoder", "pooling", "layers", "highest"),
    [
        ("random-2x32", "speech", None, None),
        ("random-3x64", "all", 2, 3400.0),
        ("random-4x384", "speech", 3, None),
        ("random-4x32", "speech", (2, 4), None),
        ("random-3x32", "all", (1, 2), None),
    ],
)
def test_it_equals_the_trained_classifier(tmp_path, encoder, pooling, layers, highest):
    whole = EmotionClassifier(WhisperEncoder(encoder, 2.0, pooling, layers=layers), 48, highest_hz=highest).eval()
    whole.save_pretrained(tmp_path)
    plain = PlainClassifier.from_pretrained(tmp_path)
    speech, frames = torch.randn(3, 32_000) * 0.1, torch.tensor([200, 57, 1])
    log_mel = plain.log_mel(speech)
    with torch.inference_mode():
        assert torch.equal(log_mel, whole.log_mel(speech))
        torch.testing.assert_close(plain(log_mel, frames), whole(log_mel, frames), atol=1e-5, rtol=0)
        exact = plain(log_mel, frames).softmax(-1)
        near = plain.quick(torch.device("cpu"))(log_mel, frames).softmax(-1)
    torch.testing.assert_close(near, exact, atol=0.02, rtol=0)
    wanted = torch.bfloat16 if computes_bfloat16(torch.device("cpu")) else torch.float32
    assert plain.encoder["whisper"].conv1.weight.dtype == wanted
