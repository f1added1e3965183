"""Errors of the benchmark."""

from septima.schema import SeptimaError


class BenchmarkError(SeptimaError):
    """An exchange file, a key or a comparison that cannot be used; the message names the file and the remedy."""
