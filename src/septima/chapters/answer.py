"""What was found, with the study that tells it; and the study that stands where nothing could be found."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from septima.report.studies.study import Study
from septima.schema import Language, SeptimaError

Found = TypeVar("Found")


@dataclass(frozen=True)
class Answer(Generic[Found]):
    """What was `found`, for programs, and the `study` that tells it to people."""

    found: Found
    study: Study


def study_or_why(title: str, tell: Callable[[], Study], language: Language) -> Study:
    """The study that `tell` gives, or under the title in its place why there is none, in the language."""
    try:
        return tell()
    except SeptimaError as error:
        return Study(title, "", error.statement.in_language(language), (), (), ())
