"""The page answers on this machine alone and gives probabilities of a made-up recording."""

import socket
import urllib.request
from urllib.parse import urlparse

import pytest
from browsing import chromium

from sernb.data.decode import AudioError
from sernb.evaluation.inference import predict
from sernb.labels import EMOTIONS, PROBABILITIES
from sernb.models.classifier import EmotionClassifier
from sernb.models.confidence import Confidence
from sernb.models.ensemble import Ensemble
from sernb.models.whisper import WhisperEncoder
from sernb.teaching import demo_page

gradio = pytest.importorskip("gradio", reason="gradio is not installed: pip install 'sernb[demo]'")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    EmotionClassifier(WhisperEncoder("random-1x32", 2.0)).save_pretrained(folder)
    Confidence(1.0, 0.0, 12, 3).save(folder)
    (folder / "README.md").write_text("# A card\n\n## Who is missing\n\n* Training: no women.\n\n## Other\n\n* no\n")
    return folder


@pytest.fixture(scope="module")
def address(model):
    blocks = demo_page.page(model)
    yield demo_page.serve(blocks, block=False)
    blocks.close()


def test_it_hears_what_predict_hears(model, noise, tmp_path):
    path = noise(tmp_path / "a.wav", 3.0)
    seen, over, shares, said = demo_page.hear(Ensemble.load(model), path)
    expected = predict(Ensemble.load(model), [path], step=0.5).files.iloc[0]
    assert shares == {name: expected[column] for name, column in zip(EMOTIONS, PROBABILITIES, strict=True)}
    assert expected["label"] in said and len(over.axes[0].lines) == 4 and seen.axes[0].images
    (tmp_path / "broken.wav").write_text("no audio")
    with pytest.raises(AudioError, match="This can't be heard: cannot be read as audio"):
        demo_page.hear(Ensemble.load(model), tmp_path / "broken.wav")


def test_it_says_what_the_model_was_never_taught(model):
    said = demo_page.never_taught(model, Confidence.load(model))
    assert "Training: no women." in said and "12 English clips of 3 people" in said and "* no\n" not in said


def test_only_this_machine_reaches_it(address):
    place = urlparse(address)
    assert place.hostname == "127.0.0.1"
    assert b"Hear yourself" in urllib.request.urlopen(address, timeout=60).read()
    others = {found[4][0] for found in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for other in others - {"127.0.0.1", "127.0.1.1"}:
        with pytest.raises(OSError), socket.create_connection((other, place.port), timeout=5):
            pass


def test_a_recording_dropped_in_a_browser_gets_probabilities(address, noise, tmp_path):
    path = noise(tmp_path / "a.wav", 3.0)
    with chromium() as browser:
        page = browser.new_page()
        away = []
        page.on(
            "request", lambda request: away.append(request.url) if urlparse(request.url).hostname not in HERE else None
        )
        page.goto(address, timeout=120_000)
        page.locator("input[type=file]").first.set_input_files(path, timeout=120_000)
        page.get_by_text("windows of up to 2 s").wait_for(timeout=120_000)
        assert page.get_by_text("What this model was never taught").is_visible()
        assert all(page.get_by_text(name).first.is_visible() for name in EMOTIONS)
    assert away == []


HERE = ("127.0.0.1", None, "")
