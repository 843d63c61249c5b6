"""Pull and push, and augmentation: losses, log-mels and noise are the package's, and the lesson is what happens."""

import numpy as np
import pytest
import torch

from sernb.figures import widgets
from sernb.figures.widgets.augmentation import vowel
from sernb.figures.widgets.pull import START, toy, trained
from sernb.losses.ntxent import SpeakerNTXent
from sernb.speech.audio import LogMel


@pytest.mark.parametrize("temperature", [0.05, 0.1, 1.0])
def test_ntxent_and_its_gradient_are_the_packages(opened, every, temperature):
    page = opened(every["pull"])
    data = toy()
    z = torch.tensor(data["mixed"]["x"], dtype=torch.float64) @ torch.tensor(START, dtype=torch.float64).T
    z.requires_grad_(True)
    loss = SpeakerNTXent(temperature)(z, torch.tensor(data["speaker"]))
    loss.backward()
    found = page.evaluate(
        "([z, s, t]) => sernbWidgets.pull.ntxent(z, s, t)", [z.tolist(), data["speaker"], temperature]
    )
    assert found["loss"] == pytest.approx(loss.item(), rel=1e-6)
    np.testing.assert_allclose(found["gradients"], z.grad.numpy(), rtol=1e-5, atol=1e-9)


def neighbours(page, kind: str, temperature: float, steps: int) -> dict:
    """What a clip's nearest clips share with it after so many steps in the page."""
    return page.evaluate(
        """([kind, temperature, steps]) => {
            const p = sernbWidgets.pull, data = WIDGET, state = p.begin(kind == "mixed", 0);
            for (let i = 0; i < steps; i++) p.stepContrastive(state, data, temperature);
            const z = data[kind].x.map((x) => p.forward(state.net, x));
            return { ...p.neighbours(z, data.speaker, data[kind].emotion), z };
        }""",
        [kind, temperature, steps],
    )


@pytest.fixture
def pull(opened, every):
    page = opened(every["pull"])
    page.evaluate("(data) => (window.WIDGET = data)", every["pull"].data)
    return page


@pytest.mark.parametrize("temperature", [0.1, 0.3, 1.0])
def test_attracting_a_speakers_clips_costs_emotion_or_passes_the_voice_for_it(pull, temperature):
    start = neighbours(pull, "mixed", temperature, 0)
    mixed = neighbours(pull, "mixed", temperature, 240)
    assert start["emotion"] > 0.9 > 0.3 > start["speaker"]
    assert mixed["speaker"] > 0.9 and mixed["emotion"] < 0.5 and mixed["elsewhere"] < 0.5
    single = neighbours(pull, "single", temperature, 240)
    assert single["speaker"] > 0.8 and single["emotion"] > 0.85  # looks as if emotion were kept
    assert single["elsewhere"] < neighbours(pull, "single", temperature, 0)["elsewhere"] - 0.2  # it is the voice


def test_the_page_trains_as_the_package_does(pull):
    x, speaker = torch.tensor(toy()["mixed"]["x"], dtype=torch.float64), torch.tensor(toy()["speaker"])
    np.testing.assert_allclose(neighbours(pull, "mixed", 0.1, 40)["z"], trained(x, speaker, 40), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("momentum", [0.0, 0.5, 0.9, 0.95])
@pytest.mark.parametrize("predictor", [True, False])
def test_byol_keeps_its_spread_with_a_predictor_and_collapses_without(pull, predictor, momentum):
    spread = pull.evaluate(
        """(options) => {
            const p = sernbWidgets.pull, state = p.begin(true, 0.3);
            for (let i = 0; i < 1200; i++) p.stepByol(state, WIDGET, options);
            return p.spread(WIDGET.mixed.x.map((x) => p.forward(state.net, x)));
        }""",
        {"predictor": predictor, "momentum": momentum},
    )
    assert spread > 0.15 if predictor else spread < 0.01


def test_buttons_and_switches_of_pull_and_push_work_by_keyboard(opened, every, figure):
    page = opened(every["pull"], reduced_motion="reduce")
    assert figure(page, "emotion") == "94 %"
    page.get_by_role("button", name="Step").press("Enter")
    assert "Step 1," in page.locator(".sernb-readout").inner_text()
    page.get_by_role("button", name="Play").press("Enter")
    assert "Step 240," in page.locator(".sernb-readout").inner_text() and figure(page, "emotion") == "28 %"
    page.get_by_role("radio", name="one emotion").press("Space")
    assert "Step 0," in page.locator(".sernb-readout").inner_text()
    page.get_by_role("radio", name="BYOL").press("Space")
    page.get_by_role("checkbox", name="predictor").press("Space")
    page.get_by_role("button", name="Play").press("Enter")
    assert figure(page, "spread") == "0.00" and "Collapsed" in page.locator(".sernb-readout").inner_text()


@pytest.mark.parametrize("seconds", [0.31, 1.2])
def test_the_log_mel_is_the_packages(opened, every, seconds):
    page = opened(every["augmentation"])
    samples = vowel(140, seconds) + np.random.default_rng(0).normal(0, 0.003, round(seconds * 16_000)).astype("f4")
    expected = LogMel()(torch.from_numpy(samples)[None])[0].numpy()
    found = page.evaluate("(s) => sernbWidgets.sound.logMel(s).map((row) => [...row])", samples.tolist())
    np.testing.assert_allclose(found, expected, atol=2e-4)


def test_the_clip_in_the_page_is_the_clip_and_sliders_change_it(opened, every):
    page = opened(every["augmentation"])
    page.wait_for_function("document.querySelector('[data-figure=difference]')?.textContent == '0.0'")
    heard = page.evaluate(
        "(f) => sernbWidgets.sound.decoded(f).then((found) => [...found])", every["augmentation"].data["clip"]
    )
    np.testing.assert_allclose(heard, vowel(120), atol=1e-4)
    for label, key in (
        ("Noise", "Home"),
        ("Gain", "Home"),
        ("Time masks", "End"),
        ("Mixup", "End"),
        ("Crop: width", "Home"),
    ):
        page.locator(f'input[aria-label^="{label}"]').press(key)
        page.wait_for_function("parseFloat(document.querySelector('[data-figure=difference]').textContent) > 0.5")
        page.get_by_role("button", name="Undo all").click()
        page.wait_for_function("document.querySelector('[data-figure=difference]').textContent == '0.0'")
    page.locator('input[aria-label^="Speed"]').press("End")
    page.wait_for_function("document.querySelector('[data-figure=seconds]').textContent == '0.86'")
    page.get_by_role("button", name="Hear it changed").press("Enter")


def test_noise_in_the_page_has_the_ratio_it_is_named_by(opened, every):
    page = opened(every["augmentation"])
    clean = vowel(140)
    noisy = page.evaluate(
        "(s) => [...sernbWidgets.sound.changeWave(Float32Array.from(s), { speed: 1, gain: 0, noise: 10 })]",
        clean.tolist(),
    )
    ratio = 10 * np.log10(np.mean(clean**2) / np.mean((np.array(noisy) - clean) ** 2))
    assert ratio == pytest.approx(10, abs=0.2)


def test_without_a_clip_the_page_makes_a_vowel(opened):
    page = opened(widgets.augmentation())
    page.wait_for_function("document.querySelector('[data-figure=seconds]')?.textContent == '1.20'")
