"""The tables corpora ship: read as text, or refused with a reason; and the many spellings of one thing in them."""

import csv
import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from difflib import get_close_matches
from functools import lru_cache
from io import BytesIO
from pathlib import Path

import iso639
import pandas as pd

from sernb.corpora import gate
from sernb.corpora.base import TableError

SPLIT_OF = {
    "train": "train",
    "training": "train",
    "dev": "validation",
    "devel": "validation",
    "development": "validation",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "eval": "test",
}
# the names columns go by in tables people share, as `key` writes them
PATH = (
    *("path", "file", "file_name", "filename", "filepath", "file_path", "rel_path", "relative_path"),
    *("audio_path", "audio_file", "audio_filepath", "audio", "wav", "wav_path", "wav_file", "wavfile"),
    *("pfad", "datei", "dateiname", "chemin", "fichier", "ruta", "archivo", "fichero", "percorso", "arquivo"),
)
COLUMN_OF = {
    "speaker": (
        *("speaker", "speaker_id", "client_id", "actor", "actor_id", "speakerid", "spkrid", "spkr_id", "spk", "spk_id"),
        *("speakers", "speaker_name", "subject", "subject_id", "participant", "participant_id"),
        *("sprecher", "sprecherin", "locuteur", "locutor", "hablante", "parlante", "falante", "sprecher_id"),
    ),
    "emotion": (
        *("emotion", "emo", "label", "major_emotion", "emotion_label", "emotion_tag", "emotions"),
        *("gefühl", "émotion", "emoción", "emozione", "emoção"),
    ),
    "gender": ("gender", "sex", "speaker_gender", "geschlecht", "genre", "sexe", "género", "sexo", "genere", "gênero"),
    "language": ("language", "locale", "lang", "sprache", "langue", "idioma", "lingua", "língua"),
    "split": ("split", "partition", "subset"),
    "session": ("session",),
    "activation": ("activation", "arousal"),
    "valence": ("valence",),
    "dominance": ("dominance",),
    "corpus": ("dataset", "corpus"),
}
_SEPARATORS = ",;\t|"
_MAX_HEADER = 1 << 16  # bytes
_SURPLUS = 8  # cells a row may have beyond the first


def read_table(
    path: Path,
    separator: str | None = None,
    quoted: bool = True,
    columns: tuple[str, ...] = (),
    folder: Path | None = None,
) -> pd.DataFrame:
    """A table with every value as text (NFC), None where a cell is empty; names of columns stripped of spaces.

    Rows and columns without any content, which spreadsheets leave at the edges, are left out.

    Args:
        path: the table, UTF-8 or UTF-16.
        separator: between cells; None takes the comma, semicolon, tab or bar that the first line has most of.
        quoted: whether double quotes around a cell are syntax or content.
        columns: the columns needed; others are left out. Empty: all columns, none needed.
        folder: the corpus's folder, which the file must not leave; None stands for the folder it lies in.

    Raises:
        TableError: not there, not text, not a table, too large, a column twice, or without a needed column.
    """
    data, encoding = gate.read_bytes(path, folder or path.parent)
    skipped, first = _header(data, encoding, path)
    hint = _SEPARATOR_HINT.fullmatch(first)
    if hint:
        skipped, first = _header(data, encoding, path, skipped + 1)
    bare = re.sub(r'"[^"]*"', "", first)
    options = {
        "sep": separator or (hint and hint[1]) or max(_SEPARATORS, key=bare.count),
        "quoting": csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        "skipinitialspace": quoted,
        "header": None,
        "skiprows": skipped,
        "dtype": str,
        "keep_default_na": False,  # a speaker may be called NA
        "encoding": encoding,
    }
    try:
        names = [str(name).strip() for name in pd.read_csv(BytesIO(data), nrows=1, **options).iloc[0]]
        used = [place for place, name in enumerate(names) if (name in columns if columns else name)]
        gate.check_cells(path, max(data.count(b"\n"), data.count(b"\r")), len(used))
        # rows with a few cells too many are read as well: where these are empty, a separator too many is all there is
        options |= {"usecols": used} if columns else {"names": range(len(names) + _SURPLUS)}
        frame = pd.read_csv(BytesIO(data), **options).iloc[1:]
    except TableError:
        raise
    except (OSError, ValueError, OverflowError) as error:  # pandas' own errors are ValueErrors
        raise TableError(f"{gate.shown(path)} can't be read as a table ({' '.join(str(error).split())})") from error
    if not columns:
        surplus = frame.iloc[:, len(names) :].fillna("").ne("").any(axis=1)
        if surplus.any():
            raise TableError(
                f"{gate.shown(path)} has more cells in row {surplus.idxmax() + 1} than its first row names: put quotes "
                f"around a text that holds {options['sep']!r}"
            )
        frame = frame[used]
    frame.columns = [names[place] for place in used]
    twice = _twice(frame.columns, columns)
    if twice:
        raise TableError(f"{gate.shown(path)} names the column {twice!r} twice: keep one")
    missing = [column for column in columns if column not in frame]
    if missing:
        raise TableError(f"{gate.shown(path)} has no column {', '.join(missing)}")
    frame = frame.apply(lambda column: column.str.strip().str.normalize("NFC")).astype(object)
    frame = frame.where(frame.notna() & (frame != ""), None)
    return frame.dropna(how="all").reset_index(drop=True)


# Excel writes and reads such a first line
_SEPARATOR_HINT = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)


def _header(data: bytes, encoding: str, path: Path, skipped: int = 0) -> tuple[int, str]:
    """The number of lines before the first that holds something, and that line."""
    lines = data[:_MAX_HEADER].decode(encoding, errors="ignore").splitlines(keepends=True)
    for place, line in enumerate(lines[skipped:], skipped):
        if line.strip("\ufeff \t\r\n"):
            if len(line) > _MAX_HEADER // 4:
                raise TableError(f"{gate.shown(path)} has a first line of more than {_MAX_HEADER >> 12} kB: no header")
            if "\0" in line:
                raise TableError(f"{gate.shown(path)} can't be read, its first line is no text: save it as UTF-8")
            return place, line
    raise TableError(f"{gate.shown(path)} is empty: the first line must name the columns")


def _twice(names: Iterable[str], needed: tuple[str, ...]) -> str | None:
    """A column that is there twice, of those that mean something."""
    known = {*PATH, *(name for names in COLUMN_OF.values() for name in names), *map(key, needed)}
    counts = Counter(map(key, names))
    return next((name for name in names if counts[key(name)] > 1 and key(name) in known), None)


def key(name: object) -> str:
    """The name of a column without regard to case, spaces and composition: "Speaker-ID" is speaker_id."""
    return re.sub(r"[\W_]+", "_", unicodedata.normalize("NFC", str(name)).casefold()).strip("_")


def column(table: pd.DataFrame, spellings: Iterable[str]) -> str | None:
    """The column of a table that goes by the first of these names that is there; None where none is."""
    there = {key(name): name for name in reversed(list(table.columns))}
    return next((there[spelling] for spelling in spellings if spelling in there), None)


def nearest(table: pd.DataFrame, spellings: Iterable[str]) -> str | None:
    """The column whose name has one of these names as a word, or nearly is one ("Speaker Info", "speakr")."""
    known = set(spellings)
    for name in table.columns:
        if known.intersection(key(name).split("_")) or get_close_matches(key(name), known, n=1, cutoff=0.8):
            return name
    return None


def is_of_labels(path: Path, folder: Path) -> bool:
    """Whether the first line of a table, or of lines of JSON, names a column of files and one of emotions.

    Raises:
        TableError: as `gate.open_inside`.
    """
    with gate.open_inside(path, folder) as file:
        first = file.readline(100_000).replace(b"\0", b"").decode(errors="replace")  # UTF-16, too
    cells = re.findall(r'"([^"]*)"\s*:', first) if path.suffix == ".jsonl" else re.split(f"[{_SEPARATORS}]", first)
    names = set(map(key, cells))
    emotions = any(name in COLUMN_OF["emotion"] or "emotion" in name or "label" in name for name in names)
    return emotions and not names.isdisjoint(PATH)


def split(text: str | None) -> str | None:
    """ "train", "validation" or "test", however spelled; None for anything else."""
    return None if text is None else SPLIT_OF.get(text.strip().lower())


@lru_cache(1024)
def language(text: str | None) -> str:
    """ISO 639-1 code of a language's name, code or locale ("Bengali", "ben", "zh-CN").

    A language without such a code keeps the text given; "und", undetermined, stands for none given.
    """
    if not text:
        return "und"
    stem = text.strip().replace("_", "-").split("-")[0]
    try:
        return iso639.Lang(stem.title() if len(stem) > 3 else stem.lower()).pt1 or stem
    except iso639.exceptions.InvalidLanguageValue:
        return text.strip()


def number(text: str | None) -> float | None:
    """A finite number, its decimals after a point or a comma; None for anything else."""
    try:
        value = float((text or "nan").replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def one_name_each(speakers: list[str | None]) -> dict[str, str]:
    """Numbers that a table spells in several ways, "01", "1" and "1.0", each with the shortest of its spellings.

    Spreadsheets drop leading zeros and pandas appends ".0": within one table such numbers are one person. Numbers of
    one spelling, and names that aren't numbers, are left alone.
    """
    spellings = defaultdict(set)
    for name in speakers:
        if name is not None and (whole := re.fullmatch(r"([0-9]+)(?:\.0+)?", name)):
            spellings[whole[1].lstrip("0") or "0"].add(name)
    return {name: min(names, key=_plainest) for names in spellings.values() if len(names) > 1 for name in names}


def text(value: object) -> str | None:
    """A cell as text without spaces around it; None for every kind of missing or empty."""
    missing = value is None or value is pd.NA or value is pd.NaT or value != value
    return None if missing else str(value).strip() or None


def _plainest(name: str) -> tuple[bool, int, str]:
    return "." in name, len(name), name


def named(frame: pd.DataFrame) -> pd.DataFrame:
    """Columns of a shared dataset under the names of COLUMN_OF; a column that isn't there holds None."""
    chosen = {}
    for name, spellings in COLUMN_OF.items():
        found = column(frame, spellings)
        chosen[name] = [None] * len(frame) if found is None else list(map(text, frame[found]))
    return pd.DataFrame(chosen, index=frame.index, dtype=object)
