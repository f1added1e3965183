"""What the background worker takes from the queue."""

from django_tasks import task

from septima.web.work.doing import carry_out


@task()
def do_work(pk: int, attempt: int) -> None:
    """Do a piece of work, unless it was begun anew, cancelled or taken meanwhile."""
    carry_out(pk, attempt)
