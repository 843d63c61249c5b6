"""eSpeak NG as PyPI's espeakng-loader ships it, through ctypes: text in, samples out, nothing installed.

The library keeps its state in globals, and some of it (the phase of the pitch flutter) can't be reset: what
it says depends on all it said before, and two threads must not share it. So `Espeak` runs this very module in a
child process that owns one fresh library: the same requests in the same order give the same samples, always,
and a crash in native code does not take a notebook down.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO, Self

import numpy as np

from sernb.corpora.isolated import command

REMEDY = "try `pip install --force-reinstall espeakng-loader`"

# from espeak-ng's speak_lib.h
_SYNCHRONOUS = 2
_DO_NOT_EXIT = 0x8000
_UTF8 = 1
_RATE, _VOLUME, _PITCH, _RANGE = 1, 2, 3, 4
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)

# the library clips what exceeds 16 bits: half of its normal volume leaves room for its loudest voices
_HALF_VOLUME = 50


class EspeakError(RuntimeError):
    """eSpeak NG can't do what was asked; the message says what failed and the remedy."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What to say, and how.

    Attributes:
        text: in the language's own script.
        voice: eSpeak's name of the language's voice, such as "en-us".
        variant: a file in espeak-ng-data/voices/!v, such as "f1": formants, and a pitch of its own.
        rate: words per minute, 80 to 350.
        pitch: 0 to 99; 50 is the variant's own pitch, each 50 more an octave.
        pitch_range: 0 to 99; 50 is the variant's own range, 0 a monotone.
    """

    text: str
    voice: str
    variant: str
    rate: int
    pitch: int
    pitch_range: int


class Espeak:
    """One eSpeak NG, in a process of its own; a context manager.

    Attributes:
        sampling_rate: of what it says, in Hz.

    Raises:
        EspeakError: the library is missing or can't be loaded.
    """

    def __init__(self) -> None:
        child = command("sernb.corpora.espeak")
        self._process = subprocess.Popen(child, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin and self._process.stdout  # pipes were asked for
        self._requests, self._answers = self._process.stdin, self._process.stdout
        try:
            self.sampling_rate: int = self._answer()["sampling_rate"]
        except EspeakError:
            self.close()
            raise

    def say(self, speech: Speech) -> np.ndarray:
        """The samples, int16, shape (samples,).

        Raises:
            EspeakError: no such voice or variant, or the process died.
        """
        try:
            self._requests.write(json.dumps(asdict(speech)).encode() + b"\n")
            self._requests.flush()
        except OSError:
            pass  # it died: its answer, which is none, says so
        return np.frombuffer(self._answers.read(self._answer()["bytes"]), dtype=np.int16)

    def _answer(self) -> dict[str, int]:
        line = self._answers.readline()
        if not line:
            status = self._process.wait()
            raise EspeakError(f"eSpeak NG stopped unexpectedly (exit status {status}); {REMEDY}")
        answer = json.loads(line)
        if "error" in answer:
            raise EspeakError(answer["error"])
        return answer

    def close(self) -> None:
        """End the process."""
        with suppress(BrokenPipeError), self._process:  # the pipe is broken if it died with a request unread
            pass  # leaving closes the pipes, at which the child ends, and waits for it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class _Library:
    """The child's side: the shared library itself. At most one a process."""

    def __init__(self) -> None:
        try:
            import espeakng_loader

            data = Path(espeakng_loader.get_data_path())
            self._espeak = ctypes.CDLL(espeakng_loader.get_library_path())
        except (ImportError, OSError, RuntimeError) as error:
            raise EspeakError(f"eSpeak NG can't be loaded ({error}); {REMEDY}") from error
        self._variants = data / "voices" / "!v"
        # eSpeak has 160 bytes for its data's path, too few in a deep virtual environment: a relative one fits
        os.chdir(data.parent)
        path = os.fsencode(data.name)
        self.sampling_rate = self._espeak.espeak_Initialize(_SYNCHRONOUS, 0, path, _DO_NOT_EXIT)
        if self.sampling_rate <= 0:
            raise EspeakError(f"eSpeak NG can't use its data in {data}; {REMEDY}")
        self._espeak.espeak_ng_SetRandSeed(ctypes.c_long(0))  # otherwise the time of day
        self._chunks: list[bytes] = []
        self._callback = _CALLBACK(self._collect)  # kept: eSpeak calls it for as long as it lives
        self._espeak.espeak_SetSynthCallback(self._callback)

    def _collect(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            self._chunks.append(ctypes.string_at(samples, count * ctypes.sizeof(ctypes.c_short)))
        return 0  # go on

    def say(self, speech: Speech) -> bytes:
        # eSpeak itself would pass over a variant it doesn't have
        if not (self._variants / speech.variant).is_file():
            raise EspeakError(f"eSpeak NG has no variant {speech.variant!r}; choose one of {self._variants}")
        name = f"{speech.voice}+{speech.variant}".encode()
        self._check(self._espeak.espeak_SetVoiceByName(name), f"has no voice {speech.voice!r}")
        for parameter, value in (
            (_RATE, speech.rate),
            (_PITCH, speech.pitch),
            (_RANGE, speech.pitch_range),
            (_VOLUME, _HALF_VOLUME),
        ):
            status = self._espeak.espeak_SetParameter(parameter, value, 0)
            self._check(status, f"refuses a setting of {speech}")
        self._chunks.clear()
        text = speech.text.encode() + b"\0"
        size = ctypes.c_size_t(len(text))
        status = self._espeak.espeak_Synth(text, size, 0, 0, 0, _UTF8, None, None)
        self._check(status, f"can't say {speech.text!r}")
        return b"".join(self._chunks)

    @staticmethod
    def _check(status: int, what: str) -> None:
        if status != 0:
            raise EspeakError(f"eSpeak NG {what} (status {status}); {REMEDY}")


def _serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer each line of JSON by a line of JSON, then the samples; a line about the library comes first."""

    def answer(header: dict[str, int | str], samples: bytes = b"") -> None:
        answers.write(json.dumps(header).encode() + b"\n" + samples)
        answers.flush()

    try:
        library = _Library()
    except EspeakError as error:
        return answer({"error": str(error)})
    answer({"sampling_rate": library.sampling_rate})
    for line in requests:
        try:
            samples = library.say(Speech(**json.loads(line)))
        except EspeakError as error:
            answer({"error": str(error)})
        else:
            answer({"bytes": len(samples)}, samples)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's; the closing pipe ends this process
    _serve(sys.stdin.buffer, sys.stdout.buffer)
