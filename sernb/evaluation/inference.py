"""A trained model applied to recordings that belong to no corpus: any length, in windows."""

import glob
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from sernb.corpora.base import audio_names
from sernb.data.decode import AudioError
from sernb.data.escape import one_line, printable
from sernb.data.inspection import CANCELLED
from sernb.evaluation.differences import differences_in_words
from sernb.labels import EMOTIONS, PROBABILITIES
from sernb.models.confidence import UNSURE
from sernb.models.ensemble import Ensemble
from sernb.models.statistics import Statistics
from sernb.progress import progress_bar
from sernb.speech.audio import SAMPLE_RATE
from sernb.speech.windows import Window, Windows, windows

STEP = 2.0
"""Seconds from the start of a window to that of the next."""
STATISTICS_CLIPS = 128
"""Recordings that statistics are taken over: a mean is then off by a tenth of a deviation."""
_AT_ONCE = {"cpu": 16}  # windows: more than fit a core's cache are slower
FILE_COLUMNS = ["file", "label", *PROBABILITIES, "duration_s", "heard_s", "windows", "problem"]
WINDOW_COLUMNS = ["file", "start_s", "end_s", "label", *PROBABILITIES, "problem"]


@dataclass(frozen=True)
class Predictions:
    """What a model says of recordings.

    Attributes:
        files: one row a file, columns FILE_COLUMNS: the probabilities are the mean over what was heard of it. A file
            has either a label, which may be "unsure", or a problem; the rest of its row is missing.
        windows: one row a window, columns WINDOW_COLUMNS; a silent or unusable one has a problem instead of a label.
        notes: how the recordings differ from those the model knows, a line each.
    """

    files: pd.DataFrame
    windows: pd.DataFrame
    notes: tuple[str, ...] = ()

    @property
    def rejects(self) -> pd.DataFrame:
        """The files without a label: columns file and reason."""
        refused = self.files.loc[self.files["problem"].notna(), ["file", "problem"]]
        return refused.rename(columns={"problem": "reason"}).reset_index(drop=True)


def audio_paths(given: Iterable[str | Path]) -> list[str]:
    """Files, folders and patterns as files: of a folder every audio file below it, of a pattern what it matches.

    What leads to no file stays as it is: reading it says why.
    """
    return list(chain.from_iterable(map(_expanded, map(str, given))))


def _expanded(name: str) -> list[str]:
    if os.path.isdir(name):
        return audio_names(Path(name)) or [name]
    if os.path.lexists(name) or not glob.has_magic(name):
        return [name]
    found = sorted(path for path in glob.iglob(name, recursive=True) if not os.path.isdir(path))
    return found or [name]


def classify(model: str | Path, files: Iterable[str | Path], **options) -> pd.DataFrame:
    """The table of files of `predict`, without how much of each was heard.

    Args:
        model: folder of a model.
        files: files, folders and patterns.
        options: of `predict`.

    Raises:
        FileNotFoundError, ValueError: as Ensemble.load and `predict`.
    """
    heard = Ensemble.load(model)
    own = None if None in heard.targets else heard.targets
    found = predict(heard, audio_paths(files), **{"own": own, **options}).files
    return found[["file", "label", *PROBABILITIES, "problem"]]


def predict(
    model: Ensemble,
    files: Sequence[str | Path],
    window: float | None = None,
    step: float | None = None,
    own: Sequence[Statistics] | None = None,
    batch_size: int | None = None,
    progress: bool = False,
) -> Predictions:
    """Listen to files in windows; decoding goes on in other threads meanwhile.

    Args:
        model: from `Ensemble.load`.
        files: any format libsndfile reads.
        window: seconds, at most the model's window, which None takes.
        step: seconds from window to window, at most `window`; None takes 2, or the window where that is less.
        own: statistics of the recordings, from `statistics`.
        batch_size: windows at once; None takes what suits the device.
        progress: show a progress bar.

    Raises:
        ValueError: a window or step out of range.
    """
    window, step = _window(model, window, step)
    size = batch_size or _AT_ONCE.get(model.device.type, 256)
    rows: list[tuple[int, Window]] = []  # number of the file, and one of its windows
    problems: dict[int, str] = {}
    heard: list[int] = []  # rows of the windows listened to
    tops: list[float] = []  # of the same windows
    shares = [np.zeros((0, len(EMOTIONS)), np.float32)]
    waiting: list[tuple[np.ndarray, int]] = []

    def listen() -> None:
        samples, lengths = zip(*waiting, strict=True)
        shares.append(model.probabilities(model.embed(np.stack(samples), lengths), own))
        waiting.clear()

    with progress_bar(total=len(files), desc="predict", unit="file", show=progress) as bar:
        for number, part in _read(files, window, step, model.seconds):
            if not isinstance(part, Windows):
                if part is not None:
                    problems[number] = part
                bar.update()
                continue
            for samples, row in zip(part.samples, part.rows, strict=True):
                if row.problem is None:
                    heard.append(len(rows))
                    tops.append(part.top_hz)
                    waiting.append((samples, _length(row)))
                    if len(waiting) == size:
                        listen()
                rows.append((number, row))
        if waiting:
            listen()
    found = np.full((len(rows), len(EMOTIONS)), np.nan)
    found[heard] = np.concatenate(shares)
    threshold = 0.0 if model.confidence is None else model.confidence.unsure_below
    notes = differences_in_words(
        [rows[row][1].level for row in heard], tops, model.confidence, model.highest_hz, own is not None
    )
    return replace(_tables(list(map(str, files)), rows, found, problems, threshold), notes=tuple(notes))


def statistics(model: Ensemble, files: Sequence[str | Path], progress: bool = False) -> list[Statistics]:
    """Each member's statistics over the beginnings of at most STATISTICS_CLIPS recordings, as trainings take them.

    Args:
        model: from `Ensemble.load`.
        files: recordings of the same kind as those to be judged; labels play no part.
        progress: show a progress bar.

    Raises:
        ValueError: fewer than two can be heard, or the model's folder lacks the statistics of its training clips.
    """
    if any(source is None for source in model.sources):
        raise ValueError(
            "this model's folder doesn't hold the statistics of the clips it was trained on, which its recordings "
            "would be re-centred to; train it again with this version"
        )
    names = pd.Series(list(map(str, files)), dtype=object)
    drawn = names.loc[pd.Series(pd.util.hash_array(names.map(os.path.basename).to_numpy(object))).sort_values().index]
    embeddings: list[list[np.ndarray]] = [[] for _ in model.members]
    with progress_bar(total=min(len(drawn), STATISTICS_CLIPS), desc="statistics", unit="file", show=progress) as bar:
        for path in drawn:
            if len(embeddings[0]) == STATISTICS_CLIPS:
                break
            first = next(_parts(path, model.seconds, model.seconds, model.seconds))
            if not isinstance(first, Windows) or first.rows[0].problem is not None:
                continue
            for kept, one in zip(embeddings, model.embed(first.samples[:1], [_length(first.rows[0])]), strict=True):
                kept.append(one[0])
            bar.update()
    if len(embeddings[0]) < 2:
        raise ValueError(
            f"statistics need at least two recordings that can be heard; of {len(drawn)} there are {len(embeddings[0])}"
        )
    return [Statistics.of(np.stack(one)) for one in embeddings]


def _window(model: Ensemble, window: float | None, step: float | None) -> tuple[float, float]:
    window = model.seconds if window is None else window
    step = min(STEP, window) if step is None else step
    if not 0.5 <= window <= model.seconds and window != model.seconds:
        raise ValueError(f"a window of {window:g} s; this model hears 0.5 to {model.seconds:g} s at once")
    if not 0.05 <= step <= window:
        raise ValueError(f"a step of {step:g} s; give 0.05 s to the window's {window:g} s")
    return window, step


def _length(window: Window) -> int:
    """Samples of a window that hold speech."""
    return round((window.end_s - window.start_s) * SAMPLE_RATE)


def _tables(
    files: Sequence[str],
    rows: Sequence[tuple[int, Window]],
    shares: np.ndarray,
    problems: dict[int, str],
    threshold: float,
) -> Predictions:
    """Both tables, from every window's probabilities, shape (windows, 4), NaN where it was not listened to."""
    numbers = np.array([number for number, _ in rows], int)
    table = pd.DataFrame([window for _, window in rows], columns=Window._fields)
    table = table.astype(dict.fromkeys(("start_s", "end_s", "level"), "float64"))
    table["problem"] = table["problem"].astype("string")
    level = table["level"].where(table["problem"].isna())
    faint = level < CANCELLED * level.groupby(numbers).transform("max")
    table["problem"] = table["problem"].mask(faint, "silent: 40 dB under the loudest window")
    shares[table["problem"].notna()] = np.nan
    table = table.assign(file=np.array(files, object)[numbers], label=_named(shares, threshold))
    table[PROBABILITIES] = shares

    usable = table["problem"].isna()
    heard, of = table[usable], numbers[usable]
    weights = heard["end_s"] - heard["start_s"]
    total = weights.groupby(of).sum()
    mean = heard[PROBABILITIES].mul(weights, axis=0).groupby(of).sum().div(total, axis=0)
    # what two windows share is counted once
    until = heard["end_s"].groupby(of).shift(fill_value=0.0)
    fresh = heard["end_s"] - np.maximum(heard["start_s"], until)
    every = pd.RangeIndex(len(files))
    first = table["problem"].groupby(numbers).first()
    found = mean.reindex(every).assign(
        file=files,
        duration_s=table["end_s"].groupby(numbers).max(),
        heard_s=fresh.groupby(of).sum(),
        windows=pd.Series(numbers).groupby(numbers).size().astype("Int64"),
        problem=pd.Series(problems, dtype="string").reindex(every).fillna(first.where(~first.index.isin(mean.index))),
    )
    refused = found["problem"].notna()
    for column in (*PROBABILITIES, "duration_s", "heard_s", "windows"):
        found[column] = found[column].mask(refused)
    found["label"] = _named(found[PROBABILITIES].to_numpy(float), threshold)
    return Predictions(found[FILE_COLUMNS], table[WINDOW_COLUMNS])


def _named(shares: np.ndarray, threshold: float) -> pd.api.extensions.ExtensionArray:
    """The most probable class of each row, or UNSURE; missing where there are no probabilities."""
    known = np.isfinite(shares).all(1)
    filled = np.where(known[:, None], shares, 0.0)
    names = np.where(filled.max(1) >= threshold, np.array(EMOTIONS, object)[filled.argmax(1)], UNSURE)
    return pd.array(pd.Series(names).where(known), dtype="string")


def _parts(path: str | Path, window: float, step: float, longest: float) -> Iterator[Windows | str | None]:
    """The windows of a file, then None, or in words why it can't be used."""
    problem = None
    try:
        yield from windows(path, window, step, longest)
    except AudioError as error:
        problem = str(error).removeprefix(f"{printable(path)}: ")
    except Exception as error:  # of a kind nobody has met: this one file is refused, the others are heard
        problem = one_line(f"can't be read ({type(error).__name__}: {error}); convert, replace or remove the file")
    yield problem


def _read(
    files: Sequence[str | Path], window: float, step: float, longest: float
) -> Iterator[tuple[int, Windows | str | None]]:
    """The parts of each file, in the files' order, read ahead by threads as far as a few files or parts of one."""
    readers = min(8, os.cpu_count() or 1)
    numbered = iter(enumerate(files))
    ahead: deque[tuple[int, Iterator[Windows | str | None], Future]] = deque()
    with ThreadPoolExecutor(readers) as pool:

        def begin() -> None:
            for number, path in numbered:
                parts = _parts(path, window, step, longest)
                ahead.append((number, parts, pool.submit(next, parts)))
                return

        for _ in range(4 * readers):
            begin()
        while ahead:
            number, parts, future = ahead.popleft()
            part = future.result()
            if isinstance(part, Windows):
                ahead.appendleft((number, parts, pool.submit(next, parts)))
            else:
                begin()
            yield number, part
