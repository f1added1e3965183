"""What the documentation says can be built, followed and typed."""

import ast
import importlib
import re
import shlex
import subprocess
import sys
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from septima.cli.commands import application
from septima.lake.mapping import parse_mapping
from septima.metrics import catalogue
from septima.metrics.custom import own_metrics
from septima.schema import TABLES
from septima.scorecard.reading import parse_definition
from tests.docs.blocks import PAGES, ROOT, Block, blocks

_INLINE = re.compile(r"`(septima [^`\n]+)`")
_COMMON = ("--help", "--debug")


def _group() -> TyperGroup:
    group = get_command(application)
    assert isinstance(group, TyperGroup)
    return group


def _command_lines() -> list[tuple[str, str, bool]]:
    """Commands of `septima` by page: those to be copied (whole) and those spoken of within a line."""
    found = [
        (page.name, line.split(" # ")[0].strip(), True)
        for page in PAGES
        for block in blocks(page)
        if block.language == "sh"
        for line in block.text.splitlines()
        if line.startswith("septima ")
    ]
    spoken = [(page.name, line, False) for page in PAGES for line in _INLINE.findall(page.read_text(encoding="utf-8"))]
    return [*found, *spoken]


@pytest.mark.parametrize(("page", "line", "whole"), _command_lines())
def test_commands_name_what_there_is(page: str, line: str, whole: bool):
    _, *words = shlex.split(line)
    if words[0].startswith("--"):
        assert words in (["--help"], ["--version"])
        return
    command = _group().commands[words[0]]
    while isinstance(command, TyperGroup):
        words = words[1:]
        command = command.commands[words[0]]
    assert isinstance(command, TyperCommand)
    options = {name: option for option in command.params if isinstance(option, TyperOption) for name in option.opts}
    arguments = [parameter for parameter in command.params if isinstance(parameter, TyperArgument)]
    given: list[str] = []
    used: list[str] = []
    rest = iter(words[1:])
    for word in rest:
        if not word.startswith("--"):
            given.append(word)
            continue
        name, sign, _ = word.partition("=")
        assert name in (*options, *_COMMON), f"septima {words[0]} has no {name}"
        used.append(name)
        if name in options and not sign and not options[name].is_flag:
            next(rest, None)
    assert len(given) <= len(arguments)
    repeated = [name for name, times in Counter(used).items() if times > 1 and not options[name].multiple]
    assert not repeated
    if whole:
        assert len(given) >= sum(argument.required for argument in arguments)
        needed = {option.opts[0] for option in options.values() if option.required}
        assert needed <= set(used), f"septima {words[0]} needs {needed}"


def _of(language: str, start: str = "") -> list[Block]:
    return [
        block for page in PAGES for block in blocks(page) if block.language == language and block.text.startswith(start)
    ]


@pytest.mark.parametrize("block", _of("yaml", "source:"), ids=lambda block: f"{block.page.stem}-{block.position}")
def test_mappings_are_right(block: Block):
    parse_mapping(block.text, ROOT / "mapping.yaml")


@pytest.mark.parametrize("block", _of("yaml", "perspectives:"), ids=lambda block: f"{block.page.stem}-{block.position}")
def test_scorecard_definitions_are_right(block: Block):
    parse_definition(block.text)


OWN_METRICS = [block for block in _of("yaml", "metrics:") if block.page.stem == "own-metrics"]


@pytest.mark.parametrize("block", OWN_METRICS, ids=lambda block: str(block.position))
def test_own_metrics_are_right(block: Block):
    assert own_metrics([(block.page.name, block.text)], allow_sql=True)


@pytest.mark.parametrize("block", _of("python"), ids=lambda block: f"{block.page.stem}-{block.position}")
def test_python_is_python_and_imports_what_there_is(block: Block):
    for statement in ast.walk(ast.parse(block.text)):
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").split(".")[0] == "septima":
            module = importlib.import_module(statement.module or "")
            assert [name.name for name in statement.names if not hasattr(module, name.name)] == []


def test_links_of_the_readme_lead_somewhere():
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


class _Page(HTMLParser):
    """Anchors of a page, links from it, and what a browser fetches to show it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.fetched: list[str] = []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "link" and given.get("rel") != "canonical" and "href" in given:
            self.fetched.append(given["href"])
        if "src" in given:
            self.fetched.append(given["src"])


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, _Page]:
    folder = tmp_path_factory.mktemp("site")
    built = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    assert built.returncode == 0, built.stderr
    return {path: _Page(path) for path in folder.rglob("*.html") if path.name != "404.html"}


def test_the_site_fetches_nothing_from_elsewhere(site: dict[Path, _Page]):
    elsewhere = [address for page in site.values() for address in page.fetched if urlsplit(address).netloc]
    styles = next(path for path in site if path.name == "index.html").parent.rglob("*.css")
    elsewhere += [
        found
        for style in styles
        for found in re.findall(r"url\(\s*['\"]?(?:https?:)?//[^)]*", style.read_text("utf-8"))
    ]
    assert elsewhere == []


def test_links_and_anchors_of_the_site_are_there(site: dict[Path, _Page]):
    broken = []
    for path, page in site.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target = target / "index.html"
            anchor = unquote(parts.fragment)
            if not target.exists() or (anchor and target in site and anchor not in site[target].anchors):
                broken.append((path.name, link))
    assert broken == []


def test_the_reference_has_every_table_metric_and_command(site: dict[Path, _Page]):
    pages = {path.stem: page for path, page in site.items() if path.parent.name == "reference"}
    assert set(TABLES) <= pages["tables"].anchors
    assert set(catalogue()) <= pages["metrics"].anchors
    assert set(_group().commands) <= pages["commands"].anchors
