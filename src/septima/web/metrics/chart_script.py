"""The script that draws charts in the browser: Vega, Vega-Lite and Vega-Embed in one file, made here without a network.

It is no part of the package: it is made once for a site, from what vl-convert carries, and served from the site itself.
Nobody loads it who does not ask for a chart to explore.
"""

import gzip
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from filelock import FileLock

_SNIPPET = "window.septimaCharts = vegaEmbed;"


def script_version() -> str:
    """What the address of the script holds, so that browsers may keep it for good."""
    return version("vl-convert-python")


def chart_script() -> bytes:
    """The script, compressed by gzip; making it the first time takes about ten seconds."""
    path = _path()
    if path.exists():
        return path.read_bytes()
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.with_suffix(".lock")):
        if not path.exists():
            import vl_convert  # noqa: PLC0415 - heavy, and hardly ever asked for

            made = path.with_suffix(".part")
            made.write_bytes(gzip.compress(vl_convert.javascript_bundle(_SNIPPET).encode(), mtime=0))
            made.replace(path)
    return path.read_bytes()


def _path() -> Path:
    return Path(settings.SITE_FOLDER) / "made" / f"charts-{script_version()}.js.gz"
