"""What the background worker does for models."""

from django_tasks import task

from septima.web.studies.models import Run
from septima.web.studies.running import carry_out


@task()
def run_model(run: int) -> None:
    """Carry out a run."""
    found = Run.objects.select_related("organisation").filter(pk=run).first()
    if found is not None:
        carry_out(found)
