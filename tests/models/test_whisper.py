"""The cropped encoder, its pooling, and the classifier's folder."""

import json

import pytest
import torch
from transformers import WhisperConfig, WhisperModel

from sernb.models.classifier import EmotionClassifier
from sernb.models.plain import PlainClassifier
from sernb.models.weights import fingerprint
from sernb.models.whisper import WhisperEncoder

TINY = WhisperConfig(
    vocab_size=100, d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
    decoder_attention_heads=2, encoder_ffn_dim=64, decoder_ffn_dim=64, pad_token_id=0, bos_token_id=0,
    eos_token_id=0, decoder_start_token_id=0,
)  # fmt: skip


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    """A Whisper checkpoint as transformers writes it."""
    folder = tmp_path_factory.mktemp("whisper")
    torch.manual_seed(0)
    WhisperModel(TINY).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def deep(tmp_path_factory):
    """A checkpoint of three layers, with a final norm that shows when it is used."""
    folder = tmp_path_factory.mktemp("deep")
    torch.manual_seed(0)
    model = WhisperModel(WhisperConfig(**TINY.to_diff_dict() | {"encoder_layers": 3}))
    torch.nn.init.normal_(model.encoder.layer_norm.weight)
    torch.nn.init.ones_(model.encoder.layer_norm.bias)
    model.save_pretrained(folder)
    return folder


@pytest.fixture
def batch():
    torch.manual_seed(1)
    return torch.randn(2, 80, 400), torch.tensor([400, 100])


def test_a_full_window_gives_what_transformers_gives(checkpoint):
    features = torch.randn(1, 80, 3000)
    ours = WhisperEncoder(checkpoint, seconds=30, pooling="all").eval()
    theirs = WhisperModel.from_pretrained(checkpoint).encoder.eval()
    expected = theirs(features).last_hidden_state.mean(1)
    torch.testing.assert_close(ours(features, torch.tensor([480_000])), expected)


def test_cropping_keeps_the_first_positions(checkpoint):
    whole = WhisperModel.from_pretrained(checkpoint).encoder.embed_positions.weight
    cropped = WhisperEncoder(checkpoint, seconds=3).whisper.embed_positions.weight
    assert torch.equal(cropped, whole[:150])


def test_a_window_longer_than_the_checkpoint_is_refused(checkpoint):
    with pytest.raises(ValueError, match="at most 30 s"):
        WhisperEncoder(checkpoint, seconds=31)


def test_convolutions_and_positions_are_frozen(checkpoint, batch):
    encoder = WhisperEncoder(checkpoint)
    encoder(*batch).sum().backward()
    moved = {name for name, parameter in encoder.named_parameters() if parameter.grad is not None}
    frozen = {name for name, _ in encoder.named_parameters()} - moved
    assert frozen == {f"whisper.{n}" for n in ("conv1.weight", "conv1.bias", "conv2.weight", "conv2.bias")} | {
        "whisper.embed_positions.weight"
    }


def test_pooling_over_speech_leaves_padding_out(checkpoint, batch):
    speech, everything = (WhisperEncoder(checkpoint, pooling=name).eval() for name in ("speech", "all"))
    features, frames = batch
    hidden = speech.whisper(features).last_hidden_state
    torch.testing.assert_close(speech(features, frames)[1], hidden[1, :50].mean(0))
    torch.testing.assert_close(everything(features, frames)[1], hidden[1].mean(0))
    torch.testing.assert_close(speech(features, frames)[0], everything(features, frames)[0])


def test_pooling_counts_a_frame_that_is_partly_speech(checkpoint):
    encoder = WhisperEncoder(checkpoint)
    frames = torch.arange(200.0)[None, :, None]
    assert encoder.pool(frames, torch.tensor([3])).item() == 0.5
    assert encoder.pool(frames, torch.tensor([1])).item() == 0


def test_unknown_pooling_is_refused(checkpoint):
    with pytest.raises(ValueError, match="speech, all"):
        WhisperEncoder(checkpoint, pooling="max")


def test_random_weights_follow_from_the_seed_and_leave_torch_alone():
    state = torch.get_rng_state()
    first, again, other = (WhisperEncoder("random-1x32", seed=seed) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), state)
    assert fingerprint(first) == fingerprint(again) != fingerprint(other)


def hidden_states(encoder, features):
    """The input of each layer, before any final norm."""
    states = []
    for layer in encoder.layers:
        layer.register_forward_pre_hook(lambda _, inputs: states.append(inputs[0]))
    encoder(features)
    return states


def test_a_cut_encoder_gives_the_hidden_state_of_the_whole_one(deep, batch):
    features, lengths = batch
    whole, cut = WhisperEncoder(deep).eval(), WhisperEncoder(deep, layers=2).eval()
    expected = torch.nn.functional.layer_norm(hidden_states(whole.whisper, features)[2], (32,))
    torch.testing.assert_close(cut(features, lengths), whole.pool(expected, lengths))
    assert (whole.layers, cut.layers) == (3, 2)


def test_all_layers_keep_the_final_norm_of_the_checkpoint(deep):
    expected = fingerprint(WhisperEncoder(deep))
    assert fingerprint(WhisperEncoder(deep, layers=3)) == expected
    assert not WhisperEncoder(deep, layers=2).whisper.layer_norm.bias.any()


@pytest.mark.parametrize("layers", [0, 4, -1])
@pytest.mark.parametrize("source", ["checkpoint", "random"])
def test_layers_that_are_not_there_are_refused(deep, layers, source):
    name = {"checkpoint": deep, "random": "random-3x32"}[source]
    with pytest.raises(ValueError, match=f"{str(name)}.* has 3 layers, not {layers}; choose 1 to 3"):
        WhisperEncoder(name, layers=layers)


def test_a_random_encoder_is_cut_too():
    whole, cut = (WhisperEncoder("random-3x32", seed=1, layers=layers).whisper for layers in (None, 1))
    assert len(cut.layers) == 1
    assert torch.equal(cut.layers[0].fc1.weight, whole.layers[0].fc1.weight)


def test_a_config_given_is_left_as_it_was():
    config = WhisperConfig(d_model=32, encoder_layers=3, encoder_attention_heads=4, encoder_ffn_dim=64)
    before = config.to_dict()
    WhisperEncoder(config, layers=1)
    assert config.to_dict() == before


def test_a_saved_cut_encoder_loads_again_whole_or_cut_further(tmp_path, deep, batch):
    encoder = WhisperEncoder(deep, layers=2).eval()
    torch.nn.init.normal_(encoder.whisper.layer_norm.weight)  # as if trained
    encoder.save_pretrained(tmp_path)
    expected = encoder(*batch)
    for again in (
        WhisperEncoder.from_pretrained(tmp_path),
        WhisperEncoder(tmp_path),
        WhisperEncoder(tmp_path, layers=2),
    ):
        assert torch.equal(again.eval()(*batch), expected)
    assert WhisperEncoder(tmp_path, layers=1).layers == 1
    with pytest.raises(ValueError, match="has 2 layers, not 3"):
        WhisperEncoder(tmp_path, layers=3)


def test_a_saved_cut_classifier_predicts_the_same(tmp_path, deep, batch):
    model = EmotionClassifier(WhisperEncoder(deep, layers=1)).eval()
    model.save_pretrained(tmp_path)
    again = EmotionClassifier.from_pretrained(tmp_path).eval()
    assert again.encoder.layers == 1 and torch.equal(model(*batch), again(*batch))


def test_a_saved_classifier_predicts_the_same(tmp_path, checkpoint, batch):
    model = EmotionClassifier(WhisperEncoder(checkpoint, pooling="all"), hidden=16).eval()
    model.save_pretrained(tmp_path)
    again = EmotionClassifier.from_pretrained(tmp_path).eval()
    assert torch.equal(model(*batch), again(*batch))
    assert again.encoder.pooling == "all"


def test_pickled_weights_are_refused(tmp_path, checkpoint):
    EmotionClassifier(WhisperEncoder(checkpoint)).save_pretrained(tmp_path)
    (tmp_path / "model.safetensors").rename(tmp_path / "model.bin")
    with pytest.raises(ValueError, match="pickled weights can run code"):
        EmotionClassifier.from_pretrained(tmp_path)


def test_a_pickle_under_a_safetensors_name_is_refused(tmp_path, checkpoint):
    EmotionClassifier(WhisperEncoder(checkpoint)).save_pretrained(tmp_path)
    torch.save({}, tmp_path / "model.safetensors")
    with pytest.raises(ValueError, match="not this model in the safetensors format"):
        EmotionClassifier.from_pretrained(tmp_path)


def test_an_encoder_folder_without_safetensors_is_refused(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(TINY.to_dict()))
    torch.save({}, tmp_path / "pytorch_model.bin")
    with pytest.raises(ValueError, match="other formats can run code"):
        WhisperEncoder(tmp_path)


def test_a_missing_encoder_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(ValueError, match="no-such-folder"):
        WhisperEncoder(tmp_path / "no-such-folder")


def test_a_model_with_other_labels_is_refused(tmp_path, checkpoint):
    EmotionClassifier(WhisperEncoder(checkpoint)).save_pretrained(tmp_path)
    settings = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(settings | {"labels": ["calm", "loud"]}))
    with pytest.raises(ValueError, match="calm"):
        EmotionClassifier.from_pretrained(tmp_path)


def test_several_layers_are_averaged_and_the_folder_says_so(tmp_path):
    batch = torch.randn(2, 80, 400), torch.tensor([400, 90])
    encoder = WhisperEncoder("random-4x32", layers=(1, 3)).eval()
    assert encoder.layers == 3
    each = [WhisperEncoder("random-4x32", layers=one).eval() for one in (1, 3)]  # their fresh norm changes nothing
    expected = sum(one(*batch) for one in each) / 2
    torch.testing.assert_close(encoder(*batch), expected, atol=1e-5, rtol=0)
    torch.testing.assert_close(encoder.every_layer(*batch)[:, 3], each[1](*batch), atol=1e-5, rtol=0)
    encoder.save_pretrained(tmp_path)
    for again in (
        WhisperEncoder(tmp_path),
        WhisperEncoder.from_pretrained(tmp_path),
        WhisperEncoder(tmp_path, layers=(1, 3)),
    ):
        assert again.averaged == (1, 3) and fingerprint(again) == fingerprint(encoder)
        assert torch.equal(again.eval()(*batch), encoder(*batch))
    cut = WhisperEncoder(tmp_path, layers=3).eval()
    assert cut.averaged is None
    torch.testing.assert_close(cut(*batch), each[1](*batch), atol=1e-5, rtol=0)


@pytest.mark.parametrize("layers", [(0, 1), (1, 4), (2, 2)])
def test_layers_to_average_are_the_encoders_own_and_no_layer_twice(layers):
    with pytest.raises(ValueError, match="choose 1 to 3"):
        WhisperEncoder("random-3x32", layers=layers)


@pytest.mark.parametrize("averaged", ["2", [], [1, 9], [2, 2], [True], [1], [1.5, 2], list(range(1000))])
def test_a_folder_that_averages_layers_it_has_not_is_refused(averaged, tmp_path):
    EmotionClassifier(WhisperEncoder("random-2x32", layers=(1, 2))).save_pretrained(tmp_path)
    config = tmp_path / "config.json"
    settings = json.loads(config.read_text())
    settings["encoder"]["averaged"] = averaged
    config.write_text(json.dumps(settings))
    for kind in (EmotionClassifier, PlainClassifier):
        with pytest.raises(ValueError, match="averaged"):
            kind.from_pretrained(tmp_path)
