"""Small tools between NumPy arrays and Arrow columns, and the streams of chance."""

import zlib
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from septima.schema import DECIMAL_PRECISION, DECIMAL_SCALE

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_TENTHS_OF_MILLE_IN_KOPECK = 10 ** (DECIMAL_SCALE - 2)


def stream(seed: int, part: str, block: int = 0) -> np.random.Generator:
    """The chance of one part of one block: adding a part or a block changes no other."""
    key = (zlib.crc32(part.encode()), block)
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=key)))


def pick(chance: np.random.Generator, shares: Sequence[float] | Floats, size: int) -> Integers:
    """Draw `size` categories with probabilities `shares`, which sum to 1."""
    edges = np.cumsum(np.asarray(shares, dtype=np.float64))
    return np.minimum(np.searchsorted(edges, chance.random(size), side="right"), len(edges) - 1).astype(np.int64)


def pick_by_row(chance: np.random.Generator, shares: Floats, rows: Integers) -> Integers:
    """Draw a category for each of `rows`, with the probabilities in that row of `shares`."""
    edges = np.cumsum(shares, axis=1)[:, :-1]
    return (chance.random(len(rows))[:, None] >= edges[rows]).sum(axis=1).astype(np.int64)


def rank_within(groups: Integers) -> Integers:
    """The place 0, 1, 2 … of each element in its group, where equal groups stand together."""
    if len(groups) == 0:
        return groups
    first = np.concatenate(([True], groups[1:] != groups[:-1]))
    starts = np.flatnonzero(first)
    return np.arange(len(groups)) - np.repeat(starts, np.diff(np.append(starts, len(groups))))


def uniform_number(numbers: Integers, salt: str) -> Floats:
    """A number in [0, 1) for each of `numbers` from a salted hash (SplitMix64; Steele, Lea, Flood 2014).

    The same number and salt give the same result whatever else there is, so an assignment stays
    as it was when customers come.
    """
    offset = np.uint64(zlib.crc32(salt.encode()))
    mixed = (numbers.astype(np.uint64) + (offset << np.uint64(32))) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) / 2.0**53


def words(codes: Integers, labels: Sequence[str], present: Flags | None = None) -> pa.StringArray:
    """The label of each code; null where not `present`."""
    indices = pa.array(codes.astype(np.int32), mask=None if present is None else ~present)
    return pa.DictionaryArray.from_arrays(indices, pa.array(labels, pa.string())).dictionary_decode()


def numbered(prefix: str, numbers: Integers, width: int = 7, present: Flags | None = None) -> pa.StringArray:
    """Identifiers such as C0000042; null where not `present`."""
    digits = pa.array(numbers, mask=None if present is None else ~present).cast(pa.string())
    padded = pc.call_function("utf8_lpad", [digits], pc.PadOptions(width, "0"))
    return joined(pa.scalar(prefix), padded)


def joined(*parts: pa.Array | pa.Scalar, by: str = "") -> pa.StringArray:
    """The texts of the parts, element by element, with `by` between."""
    return pc.call_function("binary_join_element_wise", [*parts, pa.scalar(by)])


def either(condition: Flags, yes: pa.Array | pa.Scalar, no: pa.Array | pa.Scalar) -> pa.Array:
    """`yes` where the condition holds, else `no`."""
    return pc.call_function("if_else", [pa.array(condition), yes, no])


def same(value: str, size: int) -> pa.StringArray:
    """A column of one word."""
    return words(np.zeros(size, dtype=np.int64), [value])


def instants(micros: Integers, present: Flags | None = None) -> pa.TimestampArray:
    """Timestamps (UTC, without zone) from microseconds since 1970."""
    return pa.array(micros.astype(np.int64), mask=None if present is None else ~present).view(pa.timestamp("us"))


def dates(days: Integers, present: Flags | None = None) -> pa.Date32Array:
    """Dates from days since 1970."""
    return pa.array(days.astype(np.int32), mask=None if present is None else ~present).view(pa.date32())


def money(kopecks: Integers, present: Flags | None = None) -> pa.Decimal128Array:
    """Decimals of the canonical form from whole kopecks."""
    return decimals(kopecks * _TENTHS_OF_MILLE_IN_KOPECK, present)


def decimals(units: Integers, present: Flags | None = None) -> pa.Decimal128Array:
    """Decimals of the canonical form from whole units of the last digit, without a detour over text."""
    halves = np.empty((len(units), 2), dtype=np.int64)
    halves[:, 0] = units
    halves[:, 1] = np.where(units < 0, -1, 0)
    validity = None if present is None else pa.array(present).buffers()[1]
    kind = pa.decimal128(DECIMAL_PRECISION, DECIMAL_SCALE)
    return pa.Array.from_buffers(kind, len(units), [validity, pa.py_buffer(halves.tobytes())])


def flags(values: Flags, present: Flags | None = None) -> pa.BooleanArray:
    """Booleans; null where not `present`."""
    return pa.array(values, mask=None if present is None else ~present)


def numbers(values: Floats | Integers, present: Flags | None = None) -> pa.DoubleArray:
    """Numbers; null where not `present`."""
    return pa.array(values.astype(np.float64), mask=None if present is None else ~present)
