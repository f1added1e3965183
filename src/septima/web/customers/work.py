"""Showing how long work goes on: each step is written to its row, so that any page can tell of it."""

import logging
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from time import monotonic

from septima.schema import SeptimaError, Text
from septima.web.common.language import error_text
from septima.web.customers.models import Work

_EVERY_SECONDS = 1.0
_LOG = logging.getLogger(__name__)

Progress = Callable[[Text, int, int | None], None]


@contextmanager
def at_work(work: Work) -> Generator[Progress]:
    """Do the work inside, given what tells its progress; afterwards it is done, or failed with what went wrong."""
    work.state, work.trouble = "running", ""
    work.save()
    try:
        yield teller(work)
    except SeptimaError as error:
        _fail(work, error_text(error))
    except Exception as error:
        _LOG.exception("work %s failed", work.pk)
        _fail(work, type(error).__name__)
        raise
    else:
        work.state, work.finished_at = "done", datetime.now(UTC)
        work.save()


def teller(work: Work) -> Progress:
    """What writes progress to the row, at most once a second."""
    last = 0.0

    def tell(step: Text, done: int, total: int | None) -> None:
        nonlocal last
        said = f"{step.en}\n{step.ru}"
        if work.step == said and monotonic() - last < _EVERY_SECONDS:
            return
        last = monotonic()
        work.step, work.done, work.total = said, done, total
        type(work).objects.filter(pk=work.pk).update(step=said, done=done, total=total)

    return tell


def _fail(work: Work, trouble: str) -> None:
    work.state, work.trouble, work.finished_at = "failed", trouble[:2000], datetime.now(UTC)
    work.save()
