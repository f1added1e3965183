"""Work that takes long: begun once, done by the background worker, shown while it runs, and taken up again if it was cut off.

A job at work holds a lock of the operating system, which ends with its process, however that ends. So a job that is written
down as running while nobody holds its lock was interrupted, and can be begun again.
"""

import logging
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from filelock import FileLock, Timeout

from septima.schema import SeptimaError, Text
from septima.web.accounts.models import Organisation, User
from septima.web.data.models import Job, Upload

logger = logging.getLogger(__name__)
_TOLD_EVERY_SECONDS = 0.4
_QUEUED_TOO_LONG = timedelta(minutes=2)
_FAULT = "an unexpected fault of the program; the administrator finds it in the log. Nothing was lost: start it again"


class Cancelled(BaseException):
    """The person asked the work to stop; nothing catches it on the way but who began the work."""


class Told:
    """Tells how far a job is, now and then, and hears whether it is to stop."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._told_at = 0.0

    def __call__(self, step: Text, done: int, total: int | None) -> None:
        """Note the step and what is done of all there is to do; Cancelled where the person asked to stop."""
        job, now = self.job, time.monotonic()
        moved_on = job.step_en != step.en
        job.step_en, job.step_ru, job.done, job.total = step.en[:300], step.ru[:300], done, total
        if not moved_on and now - self._told_at < _TOLD_EVERY_SECONDS:
            return
        self._told_at = now
        job.save(update_fields=["step_en", "step_ru", "done", "total"])
        if Job.objects.filter(pk=job.pk, cancel_asked=True).exists():
            raise Cancelled


Work = Callable[[Job, Told], None]


def start_job(
    organisation: Organisation,
    user: User | None,
    kind: str,
    *,
    upload: Upload | None = None,
    subject: str = "",
    arguments: dict[str, Any] | None = None,
    once: str | None = None,
) -> Job:
    """Put work into the queue. Of those of an organisation with the same `once` there is one; who asks again gets that."""
    key = None if once is None else once_of(organisation, once)
    try:
        with transaction.atomic():
            job = Job.objects.create(
                organisation=organisation,
                user=user,
                kind=kind,
                upload=upload,
                subject=subject[:300],
                arguments=arguments or {},
                once=key,
            )
    except IntegrityError:
        return Job.objects.get(organisation=organisation, once=key)
    enqueue(job)
    return job


def once_of(organisation: Organisation, once: str) -> str:
    """What tells a piece of work apart from all others of the site."""
    return f"{organisation.pk}-{once}"


def enqueue(job: Job) -> None:
    """Hand a job to the background worker."""
    from septima.web.data.tasks import run_job  # noqa: PLC0415 - tasks run what stands here

    run_job.enqueue(job.pk, job.attempt)
    job.refresh_from_db()


def run(job_id: int, attempt: int, work: Callable[[str], Work]) -> None:
    """Do the work of a job, if this attempt of it is still wanted and nobody is at it; `work` gives what a kind does."""
    with _holding(job_id) as held:
        if not held:
            return
        claimed = Job.objects.filter(pk=job_id, attempt=attempt, state="queued")
        if not claimed.update(state="running", started_at=timezone.now(), error=""):
            return
        job = Job.objects.select_related("organisation", "user", "upload").get(pk=job_id)
        try:
            with translation.override((job.user.language if job.user else "") or settings.LANGUAGE_CODE):
                work(job.kind)(job, Told(job))
        except Cancelled:
            _end(job, "cancelled")
        except (SeptimaError, OSError) as error:
            _end(job, "failed", " ".join(str(error).split()))
        except Exception:
            logger.exception("job %s of kind %s failed", job.pk, job.kind)
            _end(job, "failed", _FAULT)
        else:
            _end(job, "done")


def settle(job: Job) -> Job:
    """The job as it stands: one that is written down as running while its process is gone becomes interrupted."""
    if job.state == "running":
        with _holding(job.pk) as free:
            if free:
                # Between the two looks it may have ended as it should.
                changed = Job.objects.filter(pk=job.pk, state="running").update(
                    state="interrupted", finished_at=timezone.now()
                )
                if changed and job.upload_id is not None:  # pyright: ignore[reportAttributeAccessIssue]
                    _free_upload(job)
        job.refresh_from_db()
    return job


def settle_all(organisation: Organisation) -> None:
    """Find all jobs of an organisation that were interrupted."""
    for job in Job.objects.filter(organisation=organisation, state="running"):
        settle(job)


def may_be_retried(job: Job) -> bool:
    """Whether the job can be begun again; one that waits overlong may have lost its place in the queue."""
    if job.state == "queued":
        return timezone.now() - job.queued_at > _QUEUED_TOO_LONG
    if job.upload is not None and job.kind in {"load", "examine"}:
        # The file is still there, and its person neither finished nor discarded it.
        return job.state in {"failed", "interrupted", "cancelled"} and job.upload.state == "mapping"
    return job.state in {"failed", "interrupted", "cancelled"}


def retry_job(job: Job) -> bool:
    """Begin the job again; False where it cannot be, or somebody just did."""
    if not may_be_retried(job):
        return False
    again = Job.objects.filter(pk=job.pk, attempt=job.attempt, state=job.state)
    changed = again.update(
        state="queued",
        attempt=job.attempt + 1,
        queued_at=timezone.now(),
        finished_at=None,
        error="",
        done=0,
        total=None,
        step_en="",
        step_ru="",
        cancel_asked=False,
    )
    if not changed:
        return False
    job.refresh_from_db()
    if job.upload is not None and job.kind in {"load", "examine"}:
        state = {"load": "loading", "examine": "examining"}[job.kind]
        Upload.objects.filter(pk=job.upload.pk, state="mapping").update(state=state)
    enqueue(job)
    return True


def cancel_job(job: Job) -> bool:
    """Ask a job to stop; what waits stops at once, what runs at its next step. False where it is over."""
    if Job.objects.filter(pk=job.pk, state="queued").update(state="cancelled", finished_at=timezone.now()):
        job.refresh_from_db()
        _free_upload(job)
        return True
    return bool(Job.objects.filter(pk=job.pk, state="running").update(cancel_asked=True))


def _end(job: Job, state: str, error: str = "") -> None:
    job.state, job.error, job.finished_at = state, error[:2000], timezone.now()
    job.save(update_fields=["state", "error", "finished_at", "result", "done", "total", "step_en", "step_ru"])
    if state in {"failed", "cancelled"}:
        _free_upload(job)


def _free_upload(job: Job) -> None:
    """A file whose loading ended without success waits for its mapping again."""
    if job.upload is not None and job.kind in {"load", "examine"}:
        Upload.objects.filter(pk=job.upload.pk, state__in=("loading", "examining")).update(state="mapping")


@contextmanager
def _holding(job_id: int) -> Generator[bool]:
    """Hold the lock of a job, if nobody else does."""
    folder = Path(settings.SITE_FOLDER) / "locks"
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f"job-{job_id}.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
