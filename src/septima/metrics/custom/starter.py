"""A commented file to begin a company's own metric from."""

from importlib import resources

from septima.metrics.custom.definition import METRIC_ID
from septima.metrics.definition import MetricError
from septima.schema import Text

_ID = "answered_calls_share"


def starter(id_: str) -> str:
    """The content of a new metric file whose metric is called `id_`; MetricError where that can be no id."""
    if not METRIC_ID.fullmatch(id_):
        raise MetricError(
            Text(
                f"{id_!r} cannot be an id; use small Latin letters, digits and _, such as resolved_calls",
                f"«{id_}» не\u00a0может быть id; берите строчные латинские буквы, цифры и\u00a0_, например "
                "resolved_calls",
            )
        )
    text = resources.files("septima.metrics.custom").joinpath("starter.yaml").read_text(encoding="utf-8")
    return text.replace(_ID, id_)
