"""Corpora in the folders people keep them in; every file of every layout is kept, rejected or named."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sernb.corpora.base import AUDIO_SUFFIXES, audio_names
from sernb.corpora.registry import CORPORA
from sernb.corpora.unclaimed import by_folder
from sernb.data.manifest import harmonize, summarize

# as toolkits, notebooks and copies on the web have them
LAYOUTS = {
    "RAVDESS and TESS and CREMA-D in one folder": (
        ["all/03-01-06-01-02-01-12.wav", "all/OAF_back_angry.wav", "all/1001_DFA_ANG_XX.wav", "all/DC_sa03.wav"],
        ["cremad", "ravdess", "savee", "tess"],
    ),
    "split folders, one with decorated names": (
        ["train/OAF_angry/OAF_back_angry.wav", "testnew/7testOAF_back_angry4.wav", "testnew/8testYAF_dog_sad1.wav"],
        ["tess"] * 3,
    ),
    "TESS twice nested, with its other folder names": (
        [f"TESS/TESS Toronto emotional speech set data/{name}" for name in ("OAF_Fear/OAF_a_fear.wav",)]
        + ["TESS/TESS Toronto emotional speech set data/YAF_pleasant_surprised/YAF_b_ps.wav"],
        ["tess"] * 2,
    ),
    "RAVDESS with speech and song": (
        ["Audio_Speech_Actors_01-24/Actor_01/03-01-05-01-01-01-01.wav", "Audio_Song/Actor_01/03-02-05-01-01-01-01.wav"],
        ["ravdess"] * 2,
    ),
    "RAVDESS by class": (["angry/03-01-05-01-01-01-01.wav", "fearful/03-01-06-01-01-01-02.wav"], ["ravdess"] * 2),
    "BanglaSER with another spelling of its folders": (
        ["Actor - 35/03-01-03-02-01-01-35.wav", "Actor - 1/03-01-01-01-03-01-01.wav"],
        ["banglaser"] * 2,
    ),
    "BanglaSER told by its folder": (["Bangla SER/flat/03-01-01-01-01-01-01.wav"], ["banglaser"]),
    "both, told by their folders": (
        ["RAVDESS/03-01-01-01-01-01-01.wav", "banglaser/03-01-01-01-01-01-01.wav"],
        ["banglaser", "ravdess"],
    ),
    "both, told by their codes": (
        ["a/03-01-08-01-01-01-01.wav", "a/03-01-01-01-01-01-01.wav", "b/03-01-01-01-03-01-01.wav"],
        ["banglaser", "ravdess", "ravdess"],
    ),
    "BanglaSER in folders spelled like RAVDESS's": (
        ["Actor_01/03-01-03-02-03-01-01.wav", "Actor_02/03-01-01-01-01-03-02.wav"],
        ["banglaser"] * 2,
    ),
    "RAVDESS in a project called after Bangla": (["bangla-study/03-01-08-01-01-01-01.wav"], ["ravdess"]),
    "EMO-DB's second edition, with laryngograms": (["audio/03a01Fa.wav", "laryngo/03a01Fa.wav"], ["emodb"] * 2),
    "RAVDESS with the sound of its videos": (
        ["ravdess/Actor_01/03-01-05-01-01-01-01.wav", "ravdess/Video/01-01-05-01-01-01-01.wav"],
        ["ravdess"] * 2,
    ),
    "EMO-DB flat and decorated": (["german/03a01Fa.wav", "german/aug_16b10Wb_noise.wav"], ["emodb"] * 2),
    "URDU by speaker": (["SM1/SM1_F1_A01.wav", "SF2/SF2_F3_H04.wav"], ["urdu"] * 2),
    "SUBESCO by class": (["ANGRY/F_01_OISHI_S_1_ANGRY_1.wav", "SAD/M_02_X_S_2_SAD_3.wav"], ["subesco"] * 2),
    "SAVEE with its speakers' folders": (["DC/a01.wav", "KL/sa15.wav"], ["savee"] * 2),
}


@pytest.mark.parametrize("what", LAYOUTS)
def test_files_named_like_a_corpus_are_it_in_any_folder(tmp_path: Path, noise, what: str):
    files, corpora = LAYOUTS[what]
    for file in files:
        noise(tmp_path / "mine" / file)
    result = harmonize(tmp_path / "mine", progress=False)
    found = [*result.manifest["corpus"], *result.rejected["corpus"]]  # a song is rejected by its corpus
    assert sorted(found) == corpora
    assert len(result.unclaimed) == 0


def test_many_files_without_a_third_sentence_or_take_are_ravdess(tmp_path: Path, noise):
    for actor in range(1, 15):
        for emotion in ("01", "03", "04", "05"):
            noise(tmp_path / "four" / f"03-01-{emotion}-01-01-01-{actor:02d}.wav")
    assert set(harmonize(tmp_path, progress=False).manifest["corpus"]) == {"ravdess"}


@pytest.fixture
def undecided(tmp_path: Path, noise) -> Path:
    noise(tmp_path / "root" / "dataset" / "03-01-02-01-01-01-04.wav")
    return tmp_path / "root"


def test_what_cannot_be_told_is_said_with_the_remedy(undecided: Path):
    with pytest.raises(
        FileNotFoundError,
        match="1 audio file in .*dataset: named like BanglaSER and like RAVDESS.*--as banglaser=.*corpus.csv",
    ):
        harmonize(undecided, progress=False)


@pytest.mark.parametrize(("name", "label"), [("banglaser", "sad"), ("ravdess", "calm")])
@pytest.mark.parametrize("absolute", [True, False])
def test_folder_is_taken_as_what_it_is_said_to_be(undecided: Path, name: str, label: str, absolute: bool):
    folder = undecided / "dataset" if absolute else Path("dataset")
    manifest = harmonize(undecided, progress=False, taken_as={folder: name}).manifest
    assert list(manifest["source_label"]) == [label]


@pytest.mark.parametrize(
    ("folder", "name", "said"),
    [("dataset", "banglasr", "did you mean banglaser"), ("none", "tess", "not a folder"), ("..", "tess", "lie in")],
)
def test_wrong_folders_and_names_are_refused(undecided: Path, folder: str, name: str, said: str):
    with pytest.raises((ValueError, FileNotFoundError), match=said):
        harmonize(undecided, progress=False, taken_as={folder: name})


def test_linked_folder_keeps_its_name(tmp_path: Path, noise):
    noise(tmp_path / "elsewhere" / "x1" / "clips" / "a.wav")
    (tmp_path / "elsewhere" / "x1" / "corpus.csv").write_text("path,speaker\nclips/a.wav,1\n")
    (tmp_path / "corpora").mkdir()
    (tmp_path / "corpora" / "swahili").symlink_to(tmp_path / "elsewhere" / "x1")
    manifest = harmonize(tmp_path / "corpora", progress=False).manifest
    assert list(manifest["corpus"]) == ["swahili"]
    assert list(manifest["utterance_id"]) == ["swahili/clips/a"]
    (tmp_path / "linked").symlink_to(tmp_path / "corpora" / "swahili")
    assert list(harmonize(tmp_path / "linked", progress=False).manifest["corpus"]) == ["linked"]


def lay_out(folder: Path, name: str, noise) -> None:
    """The corpus's example, as files."""
    for path, text in CORPORA[name].example.items():
        if path.endswith(".parquet"):
            audio = [{"bytes": noise(folder.with_name("one.flac")).read_bytes(), "path": "one.flac"}]
            (folder / path).parent.mkdir(parents=True)
            pq.write_table(pa.table({"audio": audio, "emotion": ["sad"], "speaker_id": ["1"]}), folder / path)
            folder.with_name("one.flac").unlink()
        elif text:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        else:
            noise(folder / path)


def accounted(root: Path, unpacked: Path) -> None:
    """Every audio file below `root` is in just one of the three tables, and their sizes are the summary's."""
    result = harmonize(root, progress=False, unpacked=unpacked)
    tables = (result.manifest, result.rejected, result.unclaimed)
    found = [path for table in tables for path in table["path"] if Path(path).is_relative_to(root)]
    assert sorted(path for path in found if Path(path).suffix.lower() in AUDIO_SUFFIXES) == audio_names(root)
    assert summarize(result)[["kept", "rejected", "unclaimed"]].to_numpy().sum() == sum(map(len, tables))


@pytest.mark.parametrize("name", CORPORA)
def test_example_is_kept_and_every_file_beside_it_is_accounted_for(tmp_path: Path, noise, name: str):
    root = tmp_path / "root"
    lay_out(root / "mine", name, noise)
    result = harmonize(root, progress=False, unpacked=tmp_path / "unpacked")
    assert (len(result.rejected), len(result.unclaimed)) == (0, 0)
    assert len(result.manifest) == max(1, len(audio_names(root)))
    for path in [*(root / "mine").rglob("*/"), root / "mine", root / "other"]:
        noise(path / "stray.wav")
    accounted(root, tmp_path / "unpacked")


def test_folder_with_everything_is_accounted_for(tmp_path: Path, noise):
    root = tmp_path / "root"
    for name in CORPORA:
        lay_out(root / name, name, noise)
        noise(root / name / "deep" / "er" / "stray.mp3")
    for files, _ in LAYOUTS.values():
        for file in files:
            noise(root / "all" / file)
    noise(root / "top.wav")
    accounted(root, tmp_path / "unpacked")


def test_folders_no_parser_claims_are_named_with_the_nearest_layout(tmp_path: Path, noise):
    noise(tmp_path / "root" / "tess" / "OAF_back_angry.wav")
    for number in range(3):
        noise(tmp_path / "root" / "tess-more" / f"{number}.wav")
    noise(tmp_path / "root" / "zz" / "x.wav")
    unclaimed = harmonize(tmp_path / "root", progress=False).unclaimed.set_index("path")["reason"]
    assert unclaimed.str.contains("nearest is TESS, laid out as OAF_angry/OAF_back_angry.wav").sum() == 3
    assert unclaimed.str.contains("corpus.csv").all()


def test_videos_are_counted_with_what_to_do(tmp_path: Path, noise):
    noise(tmp_path / "tess" / "OAF_back_angry.wav")
    for name in ("dia0_utt0.mp4", "dia0_utt1.MKV"):
        (tmp_path / "train_splits").mkdir(exist_ok=True)
        (tmp_path / "train_splits" / name).write_bytes(b"\0\0\0\x20ftypmp42")
    (line,) = by_folder(harmonize(tmp_path, progress=False).unclaimed)
    assert line.startswith("2 videos in ") and "ffmpeg -i IN OUT.wav" in line


def test_folder_nested_too_deep_hides_no_other(tmp_path: Path, noise):
    noise(tmp_path / "tess" / "OAF_back_angry.wav")
    noise(tmp_path.joinpath("deep", *["d"] * 60) / "x.wav")
    result = harmonize(tmp_path, progress=False)
    assert len(result.manifest) == 1
    assert "nests folders more than" in result.unclaimed["reason"].item()


@pytest.mark.parametrize("name", ["corpus.csv", "labels.tsv", "Actor_01/labels.jsonl"])
def test_table_beside_named_files_is_noted_when_it_is_not_read(tmp_path: Path, noise, name: str):
    noise(tmp_path / "ravdess" / "Actor_01" / "03-01-05-01-02-01-01.wav")
    table = tmp_path / "ravdess" / name
    line = '{"wav": "a.wav", "emo": "sad"}' if name.endswith("l") else "file\temotion\na.wav\tsad\n"
    table.write_text(line)
    (tmp_path / "ravdess" / "responses.csv").write_text("rater,answer\n1,2\n")
    note = harmonize(tmp_path, progress=False).manifest["note"].item()
    assert note.startswith(f"not read: {name!r}; ") and "--as csv=FOLDER" in note
    (tmp_path / "ravdess" / "corpus.csv").write_text("file,actor,emotion\nActor_01/03-01-05-01-02-01-01.wav,1,sad\n")
    taken = harmonize(tmp_path, progress=False, taken_as={"ravdess": "csv"}).manifest
    assert (taken["source_label"].item(), taken["note"].isna().item()) == ("sad", True)
