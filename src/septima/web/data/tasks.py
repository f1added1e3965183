"""What the background worker does for the section of data."""

from django_tasks import task

from septima.web.data import jobs, work


@task()
def run_job(job_id: int, attempt: int) -> None:
    """Do the work of a job, unless it was begun anew, cancelled or taken meanwhile."""
    jobs.run(job_id, attempt, work.of)
