"""OpenSLR's crowdsourced sets, as their archives unpack."""

from pathlib import Path

import pytest

from sernb.data.manifest import harmonize

LINES = '00005debc7\tf83df\tএকটি বাক্য\n0001fd54d9\te00db\t"quoted\n01aa39782d\te00db\tতিন\nf0aa39782d\te00db\tচার\n'


@pytest.fixture
def bengali(tmp_path: Path, noise) -> Path:
    folder = tmp_path / "corpora" / "SLR53" / "asr_bengali"
    noise(folder / "data" / "00" / "00005debc7.flac")
    noise(folder / "data" / "01" / "01aa39782d.mp3")
    (folder / "utt_spk_text.tsv").write_text(LINES, encoding="utf-8")
    return folder


def test_every_line_of_an_unpacked_archive_is_a_row(tmp_path: Path, bengali: Path, noise):
    noise(bengali / "data" / "01" / "01bbbbbbbb.flac")
    result = harmonize(tmp_path / "corpora", progress=False)
    assert list(result.manifest["speaker"]) == ["openslr/bn-f83df", "openslr/bn-e00db"]
    assert set(result.manifest["language"]) == {"bn"}
    assert result.manifest["emotion"].isna().all() and result.manifest["gender"].isna().all()
    reasons = {Path(path).stem: reason for path, reason in result.rejected[["path", "reason"]].to_numpy()}
    assert reasons == {  # f0... is of an archive that isn't here
        "0001fd54d9": "listed in utt_spk_text.tsv, but missing",
        "01bbbbbbbb": "there, but not listed in utt_spk_text.tsv",
    }


def test_table_may_lie_above_the_set(tmp_path: Path, bengali: Path):
    (bengali / "utt_spk_text.tsv").rename(bengali.parent / "utt_spk_text.tsv")
    manifest = harmonize(tmp_path / "corpora", progress=False).manifest
    assert list(manifest["language"]) == ["bn", "bn"]


@pytest.mark.parametrize("lines", ["00005debc7 f83df text\n", "00005debc7\tf83df\tx\n\n", b"\xff\xfe\x00"])
def test_broken_table_is_a_reason(tmp_path: Path, bengali: Path, lines: str | bytes):
    (bengali / "utt_spk_text.tsv").write_bytes(lines if isinstance(lines, bytes) else lines.encode())
    rejected = harmonize(tmp_path / "corpora", progress=False).rejected
    assert len(rejected) == 2
    assert rejected["reason"].str.contains("utt_spk_text.tsv").all()


@pytest.mark.parametrize(
    ("file", "table", "language", "gender"),
    [
        ("SLR41/jv_id_female/wavs/jvf_00264_00000000001.wav", "SLR41/jv_id_female", "jv", "female"),
        ("SLR42/km_kh_male/wavs/khm_0308_0011865648.wav", "SLR42/km_kh_male", "km", "male"),
        ("af_za/za/afr/wavs/afr_0184_0000000123.wav", "af_za/za/afr", "af", None),
        ("SLR64/mr_in_female/mrt_01523_00028548203.wav", "SLR64", "mr", "female"),
        ("SLR71/clm_00610_00013394318.wav", "SLR71", "es", "male"),
        ("en/irish_english_male/irm_02484_00388340153.wav", "en/irish_english_male", "en", "male"),
        ("elsewhere/suf_00297_00030549163.wav", "elsewhere", "und", "female"),
    ],
)
def test_sets_for_synthesis(tmp_path: Path, noise, file: str, table: str, language: str, gender: str | None):
    path = noise(tmp_path / "corpora" / file)
    noise(path.with_name("other.wav"))
    (tmp_path / "corpora" / table / "line_index.tsv").write_text(f"{path.stem}\tsome text\n")
    result = harmonize(tmp_path / "corpora", progress=False)
    row = result.manifest.iloc[0]
    assert (row["speaker"], row["language"]) == (f"openslr/{path.stem.rpartition('_')[0]}", language)
    assert (row["gender"] if isinstance(row["gender"], str) else None) == gender
    assert list(result.rejected["path"]) == [str(path.with_name("other.wav"))]


def test_real_bangla(real):
    clips = real[0].manifest[real[0].manifest["corpus"] == "openslr"]
    assert (len(clips), clips["speaker"].nunique(), set(clips["language"])) == (1560, 260, {"bn"})
    assert clips["duration_s"].max() > 12  # the longest an emotional clip may be; read speech is heard in windows
    assert "openslr" not in set(real[0].rejected["corpus"])
