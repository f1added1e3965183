"""Loads each ready mapping once, for all tests of its data set."""

from collections.abc import Callable
from pathlib import Path

import pytest

from .loading import Example, load_example


@pytest.fixture(scope="session")
def example(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Example]:
    """Gives the loaded example of a name, loading it when first asked for."""
    loaded: dict[str, Example] = {}

    def get(name: str) -> Example:
        if name not in loaded:
            loaded[name] = load_example(name, real_data / name, tmp_path_factory.mktemp(name))
        return loaded[name]

    return get
