"""A fuzzer of what comes over HTTP: `python -m tests.fuzz.collect_bodies [CORPUS] [-max_total_time=SECONDS]` (atheris, libFuzzer).

The first byte chooses the form, the rest is the body. What is accepted must become rows that can be written down, so that no
parcel is left aside; what is not is refused by `BodyError` alone.
"""

import os
import sys
import tempfile
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import atheris

os.environ.setdefault("SEPTIMA_SITE", tempfile.mkdtemp(prefix="septima-fuzz-"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "septima.web.settings")

import django

django.setup()

with atheris.instrument_imports(include=["septima.collect", "septima.lake.append", "septima.web.collect", "json"]):
    from septima.collect.bodies import BodyError
    from septima.collect.canonical import portions_of
    from septima.lake.append import as_text
    from septima.web.collect.forms import FORMS, messages_of, packed

_FORMS = sorted(FORMS)
_AT = datetime(2026, 11, 29, tzinfo=UTC)
_TYPES = ("application/cloudevents+json", "application/cloudevents-batch+json", "application/json")


def test_one_input(data: bytes) -> None:
    """Send one body, and make rows of it as the worker does."""
    if not data:
        return
    form, body = _FORMS[data[0] % len(_FORMS)], data[1:]
    headers = {"content-type": _TYPES[data[0] // len(_FORMS) % len(_TYPES)]}
    try:
        FORMS[form].messages(body, headers)
    except BodyError:
        return
    parcel = SimpleNamespace(form=form, body=packed(body), headers=headers, received_at=_AT, pk=1)
    for portion in portions_of(messages_of(cast("Any", parcel)), "fuzz", {}):
        for record in portion.records:
            for value in record.values():
                text = as_text(value)
                if text is not None:
                    text.encode()


if __name__ == "__main__":
    atheris.Setup(sys.argv, test_one_input)
    atheris.Fuzz()
