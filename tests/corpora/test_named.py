"""Corpora whose file names say everything, or nearly, on small trees in the layout they are published in."""

from pathlib import Path

import pytest

from sernb.data.manifest import harmonize

TREES = {
    "subesco": (
        [
            "SUBESCO/F_01_OISHI_S_1_ANGRY_1.wav",
            "SUBESCO/M_01_MITHUN_S_10_HAPPY_5.wav",
            "SUBESCO/M_02_X_S_3_SURPRISE_2.wav",
        ],
        {
            "F_01_OISHI_S_1_ANGRY_1": ("bn", "F01", "female", "angry", "angry"),
            "M_01_MITHUN_S_10_HAPPY_5": ("bn", "M01", "male", "happy", "happy"),
            "M_02_X_S_3_SURPRISE_2": ("bn", "M02", "male", "surprise", None),
        },
        ["SUBESCO/M_02_X_S_3_BORED_2.wav", "SUBESCO/notes.wav"],
    ),
    "savee": (
        ["AudioData/DC/a01.wav", "AudioData/DC/sa03.wav", "AudioData/KL/n30.wav"],
        {
            "a01": ("en", "DC", "male", "anger", "angry"),
            "sa03": ("en", "DC", "male", "sadness", "sad"),
            "n30": ("en", "KL", "male", "neutral", "neutral"),
        },
        ["AudioData/DC/x01.wav", "AudioData/XX/a01.wav"],
    ),
    "aesdd": (
        ["anger/a01 (2).wav", "sadness/s05 (01).wav", "happiness/h06 (5)b.wav"],
        {
            "a01 (2)": ("el", "2", None, "anger", "angry"),
            "s05 (01)": ("el", "1", None, "sadness", "sad"),
            "h06 (5)b": ("el", "5", None, "happiness", "happy"),
        },
        ["anger/z01 (2).wav", "anger/a01.wav"],
    ),
    "cafe": (
        ["Neutre/01-N-1-1.wav", "Colère/Faible/02-C-1-4.wav", "Tristesse/Fort/12-T-2-6.aiff"],
        {
            "01-N-1-1": ("fr", "01", "male", "neutral", "neutral"),
            "02-C-1-4": ("fr", "02", "female", "anger", "angry"),
            "12-T-2-6": ("fr", "12", "female", "sadness", "sad"),
        },
        ["Colère/Faible/02-X-1-4.wav", "Colère/Faible/02-C-9-4.wav"],
    ),
    "cremad": (
        ["AudioWAV/1001_DFA_ANG_XX.wav", "AudioWAV/1002_IEO_HAP_LO.wav", "AudioWAV/1003_ITS_DIS_XX.wav"],
        {
            "1001_DFA_ANG_XX": ("en", "1001", "male", "anger", "angry"),
            "1002_IEO_HAP_LO": ("en", "1002", "female", "happiness", "happy"),
            "1003_ITS_DIS_XX": ("en", "1003", "female", "disgust", None),
        },
        ["AudioWAV/1001_DFA_JOY_XX.wav", "AudioWAV/1001.wav"],
    ),
}


@pytest.mark.parametrize("name", TREES)
def test_layout_as_published(tmp_path: Path, noise, name: str):
    good, expected, bad = TREES[name]
    for file in (*good, *bad):
        noise(tmp_path / "corpora" / name / file)
    result = harmonize(tmp_path / "corpora", progress=False)
    rows = result.manifest.assign(stem=result.manifest["path"].map(lambda path: Path(path).stem)).set_index("stem")
    assert set(rows["corpus"]) == {name}
    found = {
        stem: tuple(None if value is not value or value is None else value for value in row)
        for stem, row in rows[["language", "speaker", "gender", "source_label", "emotion"]].astype(object).iterrows()
    }
    found = {stem: tuple(v if isinstance(v, str) else None for v in row) for stem, row in found.items()}
    assert found == {stem: (row[0], f"{name}/{row[1]}", *row[2:]) for stem, row in expected.items()}
    assert sorted(result.rejected["path"]) == sorted(str(tmp_path / "corpora" / name / file) for file in bad)
    assert len(result.manifest) + len(result.rejected) == len(good) + len(bad)


def test_savee_flat_copy(tmp_path: Path, noise):
    for name in ("DC_sa03", "DC_a01", "JE_su15"):
        noise(tmp_path / "savee" / f"{name}.wav")
    manifest = harmonize(tmp_path, progress=False).manifest
    assert list(manifest["speaker"]) == ["savee/DC", "savee/DC", "savee/JE"]
    assert list(manifest["source_label"]) == ["anger", "sadness", "surprise"]


def test_cremad_reads_mp3_only_where_there_is_no_wav(tmp_path: Path, noise):
    noise(tmp_path / "CREMA-D" / "AudioWAV" / "1001_DFA_ANG_XX.wav")
    noise(tmp_path / "CREMA-D" / "AudioMP3" / "1001_DFA_ANG_XX.mp3")
    assert [Path(path).suffix for path in harmonize(tmp_path, progress=False).manifest["path"]] == [".wav"]
    (tmp_path / "CREMA-D" / "AudioWAV" / "1001_DFA_ANG_XX.wav").unlink()
    (tmp_path / "CREMA-D" / "AudioWAV").rmdir()
    assert [Path(path).suffix for path in harmonize(tmp_path, progress=False).manifest["path"]] == [".mp3"]


def test_cremad_names_git_lfs_pointers(tmp_path: Path):
    pointer = tmp_path / "CREMA-D" / "AudioWAV" / "1001_DFA_ANG_XX.wav"
    pointer.parent.mkdir(parents=True)
    pointer.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 72000\n")
    rejected = harmonize(tmp_path, progress=False).rejected
    assert "git lfs pull" in rejected["reason"].item()
