"""Eight real corpora into one table: every count is exact."""

from pathlib import Path

import pandas as pd
import pytest

from sernb.data.files import FileError
from sernb.data.folds import zero_shot
from sernb.data.harmonization_card import audio_facts, label_mapping, sections, speaker_facts
from sernb.data.manifest import MANIFEST, Harmonized, Rules, harmonize, summarize

EXPECTED = pd.DataFrame(
    [
        ("banglaser", "bn", 1160, 0, 0, 34, 576, 584, 306, 306, 242, 306, 0),
        ("commonvoice", "de", 100, 0, 0, 84, 6, 70, 0, 0, 0, 0, 100),
        ("commonvoice", "ur", 580, 0, 0, 25, 105, 229, 0, 0, 0, 0, 580),
        ("cremad", "en", 4899, 1, 0, 91, 2311, 2588, 1271, 1271, 1087, 1270, 0),
        ("emodb", "de", 535, 0, 0, 10, 302, 233, 127, 71, 79, 62, 196),
        ("openslr", "bn", 1560, 0, 0, 260, 0, 0, 0, 0, 0, 0, 1560),
        ("ravdess", "en", 704, 0, 0, 24, 336, 368, 192, 192, 96, 192, 32),
        ("tess", "en", 800, 0, 0, 2, 800, 0, 200, 200, 200, 200, 0),
        ("urdu", "ur", 400, 0, 0, 29, 56, 344, 100, 100, 100, 100, 0),
    ],
    columns=["corpus", "language", "kept", "rejected", "unclaimed", "speakers", "female", "male"]
    + ["angry", "happy", "neutral", "sad", "unlabelled"],
)


def test_counts(real):
    summary = summarize(real[0]).drop(columns="hours")
    pd.testing.assert_frame_equal(summary, EXPECTED, check_dtype=False)
    reasons = dict(zip(real[0].rejected["corpus"], real[0].rejected["reason"], strict=True))
    assert reasons == {"cremad": "silent: no sample reaches 0.001 of full scale"}
    assert len(real[0].unclaimed) == 0


def test_known_facts(real):
    manifest = real[0].manifest
    assert (manifest["speaker"] == "urdu/SM5").sum() == 80
    bangla = manifest[manifest["corpus"] == "banglaser"]
    assert 34 - bangla.loc[bangla["emotion"] == "neutral", "speaker"].nunique() == 7
    assert set(manifest["sample_rate"]) == {11_025, 16_000, 32_000, 48_000}
    assert set(manifest["channels"]) == {1}
    assert manifest.loc[manifest["source_label"].notna(), "duration_s"].between(0.5, 12).all()


def test_published_ratings_are_joined_to_every_clip(real):
    rated = real[0].manifest.groupby("corpus")[["activation", "valence"]].count()
    assert rated.loc["urdu"].tolist() == [400, 400]
    assert rated.loc["emodb"].tolist() == [535, 535]
    assert rated.drop(["urdu", "emodb"]).to_numpy().sum() == 0


def test_second_run_is_the_same_and_opens_nothing(real, corpora_dir: Path, monkeypatch):
    monkeypatch.setattr("sernb.data.inspection.decode", None)
    again = harmonize(corpora_dir, cache=real[1] / "checks.parquet", progress=False)
    pd.testing.assert_frame_equal(again.manifest, real[0].manifest)


def test_headers_tell_the_same_durations(real, corpora_dir: Path):
    quick = harmonize(corpora_dir, headers_only=True, progress=False).manifest.set_index("utterance_id")
    read = real[0].manifest.set_index("utterance_id")["duration_s"]
    assert list(quick.index.difference(read.index)) == ["cremad/AudioWAV/1076_MTI_SAD_XX"]  # silence is not noticed
    pd.testing.assert_series_equal(quick.loc[read.index, "duration_s"], read)
    assert quick["audio_hash"].isna().all()


def test_stricter_rules_reject_with_a_reason(corpora_dir: Path, real):
    strict = harmonize(
        corpora_dir, Rules(max_duration_s=5, max_clipped=0.03), cache=real[1] / "checks.parquet", progress=False
    )
    assert len(strict.manifest) + len(strict.rejected) == 10_739
    reasons = strict.rejected["reason"].value_counts()
    labelled = real[0].manifest[real[0].manifest["source_label"].notna()]
    assert (labelled["duration_s"] > 5).sum() == reasons["longer than 5 s"]
    assert reasons["clipped: more than 3% of samples at full scale"] > 0


def test_saved_tables_load(real):
    loaded = Harmonized.load(real[1])
    pd.testing.assert_frame_equal(loaded.manifest, real[0].manifest)
    pd.testing.assert_frame_equal(loaded.rejected, real[0].rejected)


def test_edited_table_is_refused(tmp_path: Path, real):
    Harmonized(real[0].manifest.assign(gender="robot"), real[0].rejected).save(tmp_path)
    with pytest.raises(FileError, match="gender.*make it again with `sernb harmonize`"):
        Harmonized.load(tmp_path)


def test_zero_shot_split_of_the_real_corpora(real):
    split = zero_shot(real[0].manifest)
    assert split.test.groupby("corpus").size().to_dict() == {"banglaser": 1160, "emodb": 339, "urdu": 400}
    assert set(split.validation["corpus"]) == {"cremad", "ravdess"}
    assert len(split.train) + len(split.validation) == 672 + 800 + 4899


def test_card_figures(real):
    mapping = label_mapping(real[0]).set_index(["corpus", "source_label"])
    assert mapping.loc[("emodb", "boredom")].tolist() == ["unlabelled", 81]
    assert mapping.loc[("urdu", "angry")].tolist() == ["angry", 100]
    assert mapping["clips"].sum() == 10_738
    facts = audio_facts(real[0]).set_index("corpus")
    assert facts.loc["tess", "sampling rates"] == "16000"
    assert facts.loc["emodb", "longest"] == pytest.approx(8.978, abs=0.001)
    speakers = speaker_facts(real[0]).set_index("corpus")
    assert speakers.loc["urdu", ["speakers", "stated by the authors", "most clips"]].tolist() == [29, 38, 80]
    assert len(sections(real[0])["Identical audio"]) == 8


def test_everything_rejected_is_an_empty_table(tmp_path: Path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "corpus.csv").write_text("path,speaker\nnone.wav,1\n")
    result = harmonize(tmp_path, progress=False)
    assert len(result.manifest) == 0
    assert list(result.manifest) == list(MANIFEST.columns)
    assert summarize(result)[["corpus", "kept", "rejected"]].to_numpy().tolist() == [["mine", 0, 1]]
    result.save(tmp_path / "out")
    assert len(Harmonized.load(tmp_path / "out").rejected) == 1


def test_two_copies_of_a_corpus_are_kept_once(tmp_path: Path, noise):
    for copy in ("one", "two"):
        noise(tmp_path / copy / "URDU" / "Angry" / "SM1_F1_A01.wav")
    noise(tmp_path / "one" / "URDU" / "Angry" / "SM1_F1_A01.flac")
    result = harmonize(tmp_path, progress=False)
    assert len(result.manifest) == 1
    assert sorted(result.rejected["reason"]) == [
        "another clip of the same name lies in one/URDU: give one of the two folders another name",
        "another clip of the same name lies in one/URDU: keep one of the two",
    ]


def test_no_corpus_is_an_error_that_names_the_known_ones(tmp_path: Path):
    with pytest.raises(FileNotFoundError, match="subesco"):
        harmonize(tmp_path, progress=False)
    with pytest.raises(FileNotFoundError, match="not a folder"):
        harmonize(tmp_path / "none", progress=False)


def test_corpora_may_be_links_in_the_folder_given(tmp_path: Path, noise):
    noise(tmp_path / "elsewhere" / "Angry" / "SM1_F1_A01.wav")
    (tmp_path / "corpora").mkdir()
    (tmp_path / "corpora" / "URDU").symlink_to(tmp_path / "elsewhere")
    assert len(harmonize(tmp_path / "corpora", progress=False).manifest) == 1
