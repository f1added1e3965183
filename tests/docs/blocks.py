"""Fenced blocks of the README and the documentation."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>\w*)\n(?P<text>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL)
_NAMED = re.compile(r"`(?P<name>[^`\n]+)`[^`\n]*:\n\n\Z")


@dataclass(frozen=True)
class Block:
    """A fenced block; `name` is the file that the line before it names, as in "`orders.csv`:"."""

    page: Path
    language: str
    text: str
    name: str | None
    position: int


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in their order."""
    content = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(content):
        named = _NAMED.search(content, 0, match.start())
        name = named["name"] if named and re.fullmatch(r"[\w./-]+\.\w+", named["name"]) else None
        found.append(Block(page, match["language"], match["text"], name, match.start()))
    return found


def section(page: Path, heading: str) -> list[Block]:
    """The blocks below one heading of the second level."""
    content = page.read_text(encoding="utf-8")
    start = content.index(f"\n## {heading}\n")
    end = content.find("\n## ", start + 1)
    return [block for block in blocks(page) if start < block.position < (end if end > 0 else len(content))]
