"""How long an MP3 is: libsndfile believes the count in its first frame, and where there is none it guesses.

The guess takes every frame for as long as the first, and tags and cover art for sound. Of a file with frames of many
sizes and no count, as a program writes it that streams, libsndfile then reads a part only, or announces ten times its
length. Walking from frame to frame tells the length without decoding.
"""

import io
import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

# bits of a header after the 11 of the sync word: version 2, layer 2, no checksum 1, bitrate 4, rate 2, padding 1, ...
_LAYER_3 = 0b01
_RATES = {0b11: (44_100, 48_000, 32_000), 0b10: (22_050, 24_000, 16_000), 0b00: (11_025, 12_000, 8_000)}
_KBPS_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)  # MPEG 1
_KBPS_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)  # MPEG 2 and 2.5
# a frame header, side information, then the tag: Xing or Info, whose flags say by an odd number that it counts, or VBRI
_COUNTS_FRAMES = re.compile(
    rb"\xff[\xe2-\xff].{2}(?:.{9,34}(?:Xing|Info)\0\0\0[\x01\x03\x05\x07\x09\x0b\x0d\x0f]|.{32}VBRI)", re.DOTALL
)
_RESYNC = 4096  # bytes of junk before the first frame that are passed over


@dataclass(frozen=True)
class Frame:
    """A frame's place in the file and its length, in bytes, the rate in Hz, and its samples a channel."""

    start: int
    length: int
    rate: int
    samples: int


class MpegStream:
    """The frames of an MPEG layer 3 file, its tags left out."""

    def __init__(self, path: Path) -> None:
        self.data = path.read_bytes()

    @cached_property
    def start(self) -> int:
        """Where the sound may start: after an ID3v2 tag, whose length is 28 bits, 7 a byte."""
        if not self.data.startswith(b"ID3"):
            return 0
        return 10 + sum((byte & 0x7F) << 7 * place for place, byte in enumerate(reversed(self.data[6:10])))

    @cached_property
    def counted(self) -> bool:
        """Whether the first frame counts the frames."""
        return _COUNTS_FRAMES.search(self.data, self.start, self.start + _RESYNC) is not None

    @cached_property
    def frames(self) -> list[Frame]:
        """From the first of two frames in a row to the last; none where the file is of another layer."""
        for start in range(self.start, min(self.start + _RESYNC, len(self.data))):
            first = self._frame(start)
            if first is not None and self._frame(start + first.length) is not None:
                break
        else:
            return []
        found = []
        while (frame := self._frame(start)) is not None:
            found.append(frame)
            start += frame.length
        return found

    @cached_property
    def samples(self) -> int:
        """Samples a channel of the frames that are whole."""
        return sum(frame.samples for frame in self.frames if frame.start + frame.length <= len(self.data))

    @cached_property
    def cut(self) -> bool:
        """Whether the file ends within a frame."""
        return bool(self.frames) and self.frames[-1].start + self.frames[-1].length > len(self.data)

    @cached_property
    def variable(self) -> bool:
        """Whether frames differ in length by more than a byte of padding."""
        lengths = {frame.length for frame in self.frames}
        return bool(lengths) and max(lengths) - min(lengths) > 1

    def with_count(self) -> io.BytesIO:
        """The frames behind one more that counts them, for libsndfile to believe."""
        first = self.frames[0].start
        version, mode = self.data[first + 1] >> 3 & 3, self.data[first + 3] >> 6
        # no checksum, the tenth bitrate (long enough for the tag), no padding
        header = bytes(
            [0xFF, self.data[first + 1] | 1, self.data[first + 2] & 0b00001100 | 9 << 4, self.data[first + 3]]
        )
        side = {True: (32, 17), False: (17, 9)}[version == 0b11][mode == 0b11]
        tag = header + bytes(side) + b"Info\0\0\0\x01" + len(self.frames).to_bytes(4, "big")
        whole = _parse(header)
        assert whole is not None  # its bits are a frame's
        return io.BytesIO(tag.ljust(whole.length, b"\0") + self.data[first:])

    def _frame(self, start: int) -> Frame | None:
        frame = _parse(self.data[start : start + 4])
        return None if frame is None else Frame(start, frame.length, frame.rate, frame.samples)


def _parse(header: bytes) -> Frame | None:
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    bitrate, rate, padding = header[2] >> 4, header[2] >> 2 & 3, header[2] >> 1 & 1
    if version not in _RATES or layer != _LAYER_3 or bitrate in (0, 15) or rate == 3:
        return None
    samples, kbps = (1152, _KBPS_1) if version == 0b11 else (576, _KBPS_2)
    hertz = _RATES[version][rate]
    return Frame(0, samples // 8 * 1000 * kbps[bitrate] // hertz + padding, hertz, samples)
