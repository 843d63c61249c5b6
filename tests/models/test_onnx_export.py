"""A model as ONNX says what torch says."""

import json

import numpy as np
import pytest
import torch

from sernb.models.classifier import EmotionClassifier
from sernb.models.confidence import Confidence
from sernb.models.ensemble import Ensemble, save_ensemble
from sernb.models.statistics import Statistics
from sernb.models.whisper import WhisperEncoder

onnx = pytest.importorskip("onnx", reason="the extra onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="the extra onnx is not installed")


def test_onnx_equals_torch_to_a_ten_thousandth(tmp_path):
    from sernb.models.onnx_export import export_onnx

    rng = np.random.default_rng(0)
    for seed in range(2):
        torch.manual_seed(seed)
        model = EmotionClassifier(WhisperEncoder("random-2x32", 1.0, seed=seed), highest_hz=6000.0)
        torch.nn.init.normal_(model.head[3].weight, std=2.0)
        model.save_pretrained(tmp_path / str(seed))
        source, target = (Statistics(rng.normal(size=32), rng.uniform(0.5, 2, 32)) for _ in range(2))
        Confidence(1.0, 0.0, 9, 3, source, target=target).save(tmp_path / str(seed))
    save_ensemble([tmp_path / "0", tmp_path / "1"], tmp_path / "both")
    Confidence(1.7, 0.35, 9, 3).save(tmp_path / "both")
    file = export_onnx(tmp_path / "both", tmp_path / "model.onnx")

    lengths = np.array([16_000, 9_000, 100])
    samples = np.where(np.arange(16_000) < lengths[:, None], rng.normal(0, 0.1, (3, 16_000)), 0).astype("f4")
    loaded = Ensemble.load(tmp_path / "both", torch.device("cpu"))
    for member in loaded.members:
        member.float()
    expected = loaded.probabilities(loaded.embed(samples, lengths), loaded.targets)
    session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"samples": samples, "lengths": lengths})
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert np.ptp(expected, axis=0).max() > 0.01  # answers that differ from clip to clip
    about = session.get_modelmeta().custom_metadata_map
    assert json.loads(about["labels"])[0] == "angry" and about["unsure_below"] == "0.35"
