"""Paths of touches as arrays, and how they are written: `a > b > c`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute

from septima.models.attribution.words import AttributionError
from septima.schema.text import Text

Codes = npt.NDArray[np.int32]
Integers = npt.NDArray[np.int64]

# Its functions are made when it is imported, where no type checker sees them.
pc: Any = pyarrow.compute

SEPARATOR = ">"
ESCAPE = "\\"
MOST_CHANNELS = 1_000
# What stands for an escaped escape and an escaped separator while a path is split.
_HELD = ("\x00", "\x01")


@dataclass(frozen=True)
class Paths:
    """Paths one after another: `codes` (touches,) are places in `channels`, `lengths` (paths,) how many are each path's."""

    channels: tuple[str, ...]
    codes: Codes
    lengths: Integers

    @property
    def path(self) -> Integers:
        """The path of each touch."""
        return np.repeat(np.arange(len(self.lengths)), self.lengths)

    @property
    def position(self) -> Integers:
        """The place of each touch in its path, from 0."""
        return np.arange(len(self.codes)) - np.repeat(np.cumsum(self.lengths) - self.lengths, self.lengths)

    @property
    def length(self) -> Integers:
        """The length of the path of each touch."""
        return np.repeat(self.lengths, self.lengths)


def read_paths(texts: Sequence[object], separator: str = SEPARATOR) -> Paths:
    r"""Paths from texts such as `email > search`; blanks around names do not count, an empty text is no touch.

    A separator within a name is written `\>`, a backslash `\\`. AttributionError, naming the row, where a name
    between two separators is empty.
    """
    if len(separator) == 0 or ESCAPE in separator or separator.isspace():
        raise AttributionError(
            Text(
                f"the separator {separator!r} cannot part names; use one such as '>' or '|'",
                f"разделитель «{separator}» не\u00a0может разделять имена; возьмите, например, «>» или «|»",
            )
        )
    column: Any = pc.fill_null(pa.array(texts, pa.string(), from_pandas=True), "")
    if pc.any(pc.match_substring_regex(column, "[\x00\x01]")).as_py():
        raise AttributionError(
            Text(
                "a path holds the control character U+0000 or U+0001; take it out",
                "в\u00a0пути есть управляющий символ U+0000 или U+0001; уберите его",
            )
        )
    for written, held in zip((ESCAPE * 2, ESCAPE + separator), _HELD, strict=True):
        column = pc.replace_substring(column, written, held)
    column = pc.utf8_trim_whitespace(column)
    parts = pc.split_pattern(column, separator)
    lengths = pc.list_value_length(parts).to_numpy(zero_copy_only=False).astype(np.int64)
    empty = pc.equal(column, "").to_numpy(zero_copy_only=False)
    names = pc.dictionary_encode(pc.utf8_trim_whitespace(pc.list_flatten(parts)))
    if isinstance(names, pa.ChunkedArray):
        names = names.combine_chunks()
    codes = names.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    blank = np.array([name == "" for name in names.dictionary.to_pylist()], dtype=bool)
    row = np.repeat(np.arange(len(lengths)), lengths)
    broken = blank[codes] & ~empty[row] if len(codes) else np.zeros(0, dtype=bool)
    if broken.any():
        at = int(row[broken.argmax()])
        raise AttributionError(
            Text(
                f"row {at + 1}: the path {str(texts[at])!r} has a touch without a name; write names between all "
                f"separators, and an empty path for no touch",
                f"строка {at + 1}: в\u00a0пути «{texts[at]}» есть касание без имени; пишите имена между всеми "
                "разделителями, а\u00a0если касаний нет\u00a0— пустой путь",
            )
        )
    kept = ~empty[row]
    written = [_spoken(name, separator) for name in names.dictionary.to_pylist()]
    used = np.unique(codes[kept])
    if len(used) > MOST_CHANNELS:
        raise AttributionError(
            Text(
                f"there are {len(used)} channels, more than {MOST_CHANNELS}; gather the small ones into one",
                f"каналов {len(used)}, больше {MOST_CHANNELS}; соберите мелкие в\u00a0один",
            )
        )
    order = sorted(used, key=lambda code: written[code])
    place = np.zeros(len(written), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    return Paths(tuple(written[code] for code in order), place[codes[kept]], np.where(empty, 0, lengths))


def write_state(names: Sequence[str], separator: str = SEPARATOR) -> str:
    """Names as one path text, from which `read_paths` reads the same names."""
    escaped = (name.replace(ESCAPE, ESCAPE * 2).replace(separator, ESCAPE + separator) for name in names)
    return f" {separator} ".join(escaped)


def _spoken(name: str, separator: str) -> str:
    return name.replace(_HELD[1], separator).replace(_HELD[0], ESCAPE)
