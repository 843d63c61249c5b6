"""Layer probes on embeddings in which what they should find is planted."""

import numpy as np
import pandas as pd
import pytest

from sernb.evaluation.predictions import DESCRIPTION
from sernb.experiments.layers import capped, geometry, probe_layer, probe_layers, taught_in_english
from sernb.labels import EMOTIONS

SENTENCES = ("DFA", "IEO", "ITH", "TSI")


@pytest.fixture(scope="module")
def planted(clips):
    """CREMA-D, ten speakers saying four sentences in each emotion, and German, eight speakers and as many clips."""
    cells = [(speaker, text, emotion) for speaker in range(10) for text in SENTENCES for emotion in EMOTIONS]
    english = pd.DataFrame(cells, columns=["speaker", "text", "emotion"]).assign(corpus="cremad", language="en")
    cells = [(speaker, text, emotion) for speaker in range(8) for text in SENTENCES for emotion in EMOTIONS]
    german = pd.DataFrame(cells, columns=["speaker", "text", "emotion"]).assign(corpus="emodb", language="de")
    table = pd.concat([english, german], ignore_index=True)
    code = (1000 + table["speaker"]).astype(str) + "_" + table["text"] + "_" + table["emotion"].str[:3].str.upper()
    rows = clips(
        utterance_id=list(table["corpus"] + "/AudioWAV/" + code + "_XX"),
        corpus=list(table["corpus"]),
        language=list(table["language"]),
        speaker=list(table["corpus"] + "/" + table["speaker"].astype(str)),
        emotion=list(table["emotion"]),
        fold=list(table["speaker"] % 5),
        audio_hash=list(table.index.astype(str)),
    )
    return rows, table["text"].to_numpy(object)


def coded(values: np.ndarray, strength: float = 3.0) -> np.ndarray:
    return strength * pd.get_dummies(pd.Series(values)).to_numpy(float)


def found(rows: pd.DataFrame) -> pd.Series:
    return rows.set_index(["measure", "language", "statistics"])["value"]


def noisy(signal: np.ndarray) -> np.ndarray:
    """The signal, eight dimensions without one, and noise on all."""
    signal = np.pad(signal, ((0, 0), (0, 8)))
    return signal + np.random.default_rng(0).normal(0, 0.3, signal.shape)


def test_a_layer_that_holds_emotion_only_names_neither_speaker_nor_sentence(planted):
    clips, _ = planted
    values = found(probe_layer(clips, noisy(coded(clips["emotion"]))))
    assert values["emotion"].min() > 0.95
    assert values["speaker", "en", "source"] < 0.3 and values["sentence", "en", "source"] < 0.5


@pytest.mark.parametrize("measure", ["speaker", "sentence"])
def test_a_layer_that_holds_one_name_only_knows_no_emotion(planted, measure):
    clips, sentence = planted
    values = found(probe_layer(clips, noisy(coded({"speaker": clips["speaker"], "sentence": sentence}[measure]))))
    assert values[measure, "en", "source"] > 0.95
    assert values["emotion"].max() < 0.45


def test_own_statistics_undo_a_shift_between_languages(planted):
    clips, _ = planted
    vectors = noisy(coded(clips["emotion"], 1.0))
    german = (clips["language"] == "de").to_numpy()
    vectors[german] = 2 * vectors[german] + 20 * np.eye(12)[1]
    values = found(probe_layer(clips, vectors))
    assert values["emotion", "de", "source"] < 0.3 < 0.85 < values["emotion", "de", "target"]


def test_distance_and_agreement_of_a_case_made_by_hand(clips):
    # English: angry at (1, 1), sad at (-1, -1): deviation 1 in both dimensions, emotion vectors of length sqrt(2).
    # Urdu: mean (3, 4), 5 away; its vectors (1, -1) and (-1, 1) cross the English ones. German: on English, alike.
    rows = clips(
        language=["en", "en", "ur", "ur", "de", "de"],
        corpus=["a", "a", "b", "b", "c", "c"],
        emotion=["angry", "sad"] * 3,
    )
    vectors = np.array([[1, 1], [-1, -1], [4, 3], [2, 5], [2, 2], [-2, -2]], float)
    values = found(pd.DataFrame(geometry(rows, vectors)))
    assert values["distance", "ur", "source"] == pytest.approx(5 / np.sqrt(2))
    assert values["agreement", "ur", "source"] == pytest.approx(0)
    assert values["distance", "de", "source"] == pytest.approx(0)
    assert values["agreement", "de", "source"] == pytest.approx(1)


def test_without_crema_d_there_is_neither_speaker_nor_sentence(planted):
    clips, _ = planted
    other = clips.assign(utterance_id=clips["utterance_id"].str.replace("cremad", "other"))
    rows = probe_layers(other, noisy(coded(clips["emotion"]))[None], progress=False)
    assert set(rows["measure"]) == {"emotion", "distance", "agreement"} and set(rows["layer"]) == {0}


def test_a_cap_takes_clips_of_every_speaker_and_keeps_the_order(planted):
    clips, _ = planted
    some = capped(clips, 20)
    assert some.groupby("corpus").size().to_dict() == {"cremad": 20, "emodb": 20}
    assert some.query("corpus == 'cremad'").groupby("speaker").size().to_dict() == {f"cremad/{n}": 2 for n in range(10)}
    assert list(some["utterance_id"]) == [name for name in clips["utterance_id"] if name in set(some["utterance_id"])]


def test_clips_known_without_their_audio_are_judged_as_those_of_a_manifest(planted):
    clips, _ = planted
    vectors = noisy(coded(clips["emotion"]))
    judged = taught_in_english(clips[[*DESCRIPTION, "fold"]], vectors)
    pd.testing.assert_frame_equal(judged, taught_in_english(clips, vectors))
    assert set(judged.query("part == 'test'")["language"]) == {"de"}
    assert judged.query("part == 'test'")["statistics"].value_counts().to_dict() == {"source": 128, "target": 128}
