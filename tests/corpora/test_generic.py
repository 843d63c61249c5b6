"""The doors for any corpus: a CSV, a Hugging Face audiofolder or Parquet dataset, an audformat database."""

import json
from pathlib import Path

import audformat
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sernb.corpora import hfparquet
from sernb.data.manifest import harmonize


def by_stem(manifest: pd.DataFrame) -> pd.DataFrame:
    return manifest.set_index(manifest["path"].map(lambda path: Path(path).stem))


def reasons(rejected: pd.DataFrame) -> dict[str, str]:
    return {Path(path).stem: reason for path, reason in zip(rejected["path"], rejected["reason"], strict=True)}


def test_plain_csv(tmp_path: Path, noise):
    folder = tmp_path / "سندھی گفتگو"
    for name in ("a b/ایک.wav", "two.WAV", "three.flac", "stray.wav"):
        noise(folder / name)
    (folder / "corpus.csv").write_text(
        "\ufeffpath, speaker ,emotion,gender,language,split,activation\n"
        "a b/ایک.wav,NA,Anger,F,Sindhi,dev,2.5\n"
        "two.WAV,s2,bored,male,sd,train,\n"
        "three.flac,,,,,,x\n"
        "four.wav,s4,sad,,sd,test,1\n"
        "./two.WAV,s2,bored,male,sd,train,\n",
        encoding="utf-8",
    )
    result = harmonize(tmp_path, progress=False)
    rows = by_stem(result.manifest)
    first = rows.loc["ایک"]
    assert (first["corpus"], first["speaker"], first["gender"]) == ("سندھی گفتگو", "سندھی گفتگو/NA", "female")
    assert (first["emotion"], first["language"], first["split"], first["activation"]) == (
        "angry",
        "sd",
        "validation",
        2.5,
    )
    assert (rows.loc["two", "source_label"], rows.loc["two", "split"]) == ("bored", "train")
    assert rows.loc["three", ["speaker", "gender", "emotion", "split", "activation"]].isna().all()
    assert rows.loc["three", "language"] == "und"
    assert reasons(result.rejected) == {
        "four": "listed, but missing",
        "stray": "there, but not listed in corpus.csv",
        "two": "listed more than once",
    }
    assert len(result.manifest) + len(result.rejected) == 6


def test_plain_csv_without_speakers_is_refused(tmp_path: Path, noise):
    noise(tmp_path / "mine" / "a.wav")
    (tmp_path / "mine" / "corpus.csv").write_text("path,emotion\na.wav,sad\n")
    assert "no column speaker" in harmonize(tmp_path, progress=False).rejected["reason"].item()


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_audiofolder(tmp_path: Path, noise, kind: str):
    folder = tmp_path / "set"
    for name in ("train/a.wav", "train/b.wav", "test/c.wav", "test/stray.wav"):
        noise(folder / name)
    table = pd.DataFrame(
        {
            "file_name": ["train/a.wav", "train/b.wav", "test/c.wav", "test/d.wav"],
            "emotion": ["happiness", "fear", "sad", "sad"],
            "speaker_id": ["1", "1", "2", "2"],
            "gender": ["Female", None, "m", "m"],
        }
    )
    if kind == "csv":
        table.to_csv(folder / "metadata.csv", index=False)
    else:
        table.astype({"speaker_id": int}).to_json(folder / "metadata.jsonl", orient="records", lines=True)
    result = harmonize(tmp_path, progress=False)
    rows = by_stem(result.manifest)
    assert rows["emotion"].dropna().to_dict() == {"a": "happy", "c": "sad"}
    assert rows["speaker"].to_dict() == {"a": "set/1", "b": "set/1", "c": "set/2"}
    assert rows["gender"].dropna().to_dict() == {"a": "female", "c": "male"}
    assert rows["split"].to_dict() == {"a": "train", "b": "train", "c": "test"}
    assert reasons(result.rejected) == {
        "d": "listed, but missing",
        "stray": f"there, but not listed in metadata.{kind}",
    }
    assert len(result.manifest) + len(result.rejected) == 5


def test_audiofolder_with_metadata_a_split(tmp_path: Path, noise):
    for split in ("train", "validation"):
        noise(tmp_path / "set" / split / f"{split}.wav")
        (tmp_path / "set" / split / "metadata.csv").write_text(f"file_name,emotion,speaker\n{split}.wav,sad,{split}\n")
    manifest = harmonize(tmp_path, progress=False).manifest
    assert sorted(manifest["split"]) == ["train", "validation"]
    assert set(manifest["corpus"]) == {"set"}


def cameo(noise, folder: Path, emotions: list) -> pa.Table:
    """CAMEO's columns, with audio inside."""
    clips = [noise(folder / f"{number}.flac").read_bytes() for number in range(len(emotions))]
    return pa.table(
        {
            "file_id": [f"f{number}.flac" for number in range(len(clips))],
            "audio": [{"bytes": clip, "path": f"f{number}.flac"} for number, clip in enumerate(clips)],
            "emotion": emotions,
            "transcription": ["text"] * len(clips),
            "speaker_id": [f"nemo_{number % 2}" for number in range(len(clips))],
            "gender": ["female", "male"] * (len(clips) // 2),
            "age": ["30"] * len(clips),
            "dataset": ["nEMO"] * len(clips),
            "language": ["Polish"] * len(clips),
            "license": ["CC BY 4.0"] * len(clips),
        }
    )


def test_parquet_with_audio_inside(tmp_path: Path, noise):
    table = cameo(noise, tmp_path / "clips", ["anger", "surprise", "happiness", "sadness"])
    broken = table.slice(0, 2).set_column(
        1,
        "audio",
        pa.array([{"bytes": b"no audio", "path": "x.wav"}, {"bytes": None, "path": "y"}], table["audio"].type),
    )
    data = tmp_path / "corpora" / "CAMEO" / "data"
    data.mkdir(parents=True)
    pq.write_table(table, data / "nemo-00000-of-00001.parquet")
    pq.write_table(broken, data / "test-00000-of-00001.parquet")
    result = harmonize(tmp_path / "corpora", progress=False, unpacked=tmp_path / "unpacked")
    rows = result.manifest
    assert list(rows["corpus"]) == ["nEMO"] * 4
    assert list(rows["language"]) == ["pl"] * 4
    assert list(rows["speaker"]) == ["nEMO/nemo_0", "nEMO/nemo_1"] * 2
    assert list(rows["emotion"].fillna("-")) == ["angry", "-", "happy", "sad"]
    assert rows["split"].isna().all()  # CAMEO's "splits" are its corpora
    assert sorted(result.rejected["reason"].str[:20]) == ["cannot be read as au", "listed, but missing"]
    assert len(result.manifest) + len(result.rejected) == 6

    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "unpacked").rglob("*")}
    harmonize(tmp_path / "corpora", progress=False, unpacked=tmp_path / "unpacked")
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "unpacked").rglob("*")}


def test_parquet_class_labels_are_named(tmp_path: Path, noise):
    table = cameo(noise, tmp_path / "clips", [1, 0])
    info = {"info": {"features": {"emotion": {"names": ["sad", "angry"], "_type": "ClassLabel"}}}}
    (tmp_path / "c" / "set").mkdir(parents=True)
    table = table.replace_schema_metadata({"huggingface": json.dumps(info)})
    pq.write_table(table, tmp_path / "c" / "set" / "train-00000-of-00001.parquet")
    manifest = harmonize(tmp_path / "c", progress=False, unpacked=tmp_path / "unpacked").manifest
    assert list(manifest["emotion"]) == ["angry", "sad"]
    assert set(manifest["split"]) == {"train"}


def test_parquet_without_a_folder_to_unpack_to_is_rejected(tmp_path: Path, noise):
    table = cameo(noise, tmp_path / "clips", ["anger", "sadness"])
    (tmp_path / "c").mkdir()
    pq.write_table(table, tmp_path / "c" / "x.parquet")
    result = harmonize(tmp_path / "c", progress=False)
    assert "give a folder to unpack it into" in result.rejected["reason"].item()


def test_other_parquet_is_not_taken_for_speech(tmp_path: Path):
    pd.DataFrame({"audio": ["a"], "emotion": ["sad"]}).to_parquet(tmp_path / "x.parquet")
    assert not hfparquet.recognise(tmp_path)
    (tmp_path / "x.parquet").write_bytes(b"PAR1 not really")
    assert not hfparquet.recognise(tmp_path)


@pytest.fixture
def database(tmp_path: Path, noise) -> audformat.Database:
    """An audformat database as audb publishes EMO-DB's: gender is a property of the speaker."""
    names = [f"wav/{name}.wav" for name in ("a", "b", "c", "d")]
    for name in (*names[:3], "wav/stray.wav"):
        noise(tmp_path / "db" / name)
    db = audformat.Database("mydb", source="here", usage="research", languages=["deu"])
    db.schemes["emotion"] = audformat.Scheme(labels=["anger", "boredom", "sadness"])
    db.schemes["speaker"] = audformat.Scheme(labels={3: {"gender": "male"}, 8: {"gender": "female"}})
    db.splits["test"] = audformat.Split("test")
    db["files"] = audformat.Table(audformat.filewise_index(names))
    db["files"]["speaker"] = audformat.Column(scheme_id="speaker")
    db["files"]["speaker"].set([3, 3, 8, 8])
    db["emotion"] = audformat.Table(audformat.filewise_index(names))
    db["emotion"]["emotion"] = audformat.Column(scheme_id="emotion")
    db["emotion"]["emotion"].set(["anger", "boredom", None, "sadness"])
    db["emotion.test"] = audformat.Table(audformat.filewise_index(names[:1]), split_id="test")
    return db


@pytest.mark.parametrize("storage", ["csv", "parquet"])
def test_audformat(tmp_path: Path, database: audformat.Database, storage: str):
    database.save(str(tmp_path / "db"), storage_format=storage)
    result = harmonize(tmp_path, progress=False)
    rows = by_stem(result.manifest)
    assert set(rows["corpus"]) == {"mydb"}
    assert set(rows["language"]) == {"de"}
    assert rows["speaker"].to_dict() == {"a": "mydb/3", "b": "mydb/3", "c": "mydb/8"}
    assert rows["gender"].to_dict() == {"a": "male", "b": "male", "c": "female"}
    assert rows["source_label"].dropna().to_dict() == {"a": "anger", "b": "boredom"}
    assert rows["emotion"].dropna().to_dict() == {"a": "angry"}
    assert rows["split"].dropna().to_dict() == {"a": "test"}
    assert reasons(result.rejected) == {"d": "listed, but missing", "stray": "there, but not listed in any table"}


def test_audformat_labels_of_parts_are_refused(tmp_path: Path, database: audformat.Database):
    segments = audformat.segmented_index(["wav/b.wav", "wav/b.wav"], ["0s", "0.4s"], ["0.4s", "1s"])
    database["a first"] = audformat.Table(segments)
    database["a first"]["emotion"] = audformat.Column(scheme_id="emotion")
    database["a first"]["emotion"].set(["anger", "sadness"])
    database.save(str(tmp_path / "db"), storage_format="csv")
    result = harmonize(tmp_path, progress=False)
    assert "labelled in parts" in reasons(result.rejected)["b"]
    assert len(result.manifest) + len(result.rejected) == 5


def test_audformat_headers_and_pickles_run_no_code(tmp_path: Path, database: audformat.Database):
    witness = tmp_path / "witness"
    database.save(str(tmp_path / "db"), storage_format="csv")
    header = tmp_path / "db" / "db.yaml"
    clean = header.read_text()
    header.write_text(
        f"{clean}meta: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path [{witness}]]\n"
    )
    result = harmonize(tmp_path, progress=False)
    assert len(result.manifest) == 0
    assert not witness.exists()

    header.write_text(clean)
    (tmp_path / "db" / "db.files.pkl").write_bytes(b"cpathlib\nPath.touch\n.")
    result = harmonize(tmp_path, progress=False)
    assert len(result.manifest) == 0
    assert result.rejected["reason"].str.contains("pickle").all()


def test_audformat_header_that_grows_when_read(tmp_path: Path, database: audformat.Database):
    database.save(str(tmp_path / "db"), storage_format="csv")
    levels = "\n".join(f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * 9)}]" for n in range(1, 9))
    with (tmp_path / "db" / "db.yaml").open("a") as header:
        header.write(f"meta:\n  l0: &l0 [x]\n{levels}\n")
    result = harmonize(tmp_path, progress=False)
    assert result.rejected["reason"].str.contains("aliases").all()


def test_lines_of_json_of_a_benchmark(tmp_path: Path, noise):
    noise(tmp_path / "emodb" / "wav" / "x.wav")
    line = {"key": "x", "dataset": "mine", "wav": "downloads/emodb/wav/x.wav", "task": "category", "emo": "Angry"}
    (tmp_path / "emodb" / "metadata.jsonl").write_text(json.dumps(line) + "\n")
    clip = harmonize(tmp_path, progress=False).manifest.iloc[0]
    assert (clip["corpus"], clip["emotion"]) == ("mine", "angry")
