"""What the models find, or why they find nothing: a study for each all the same."""

import io

import openpyxl

from septima.chapters.experiments import experiment_chapter
from septima.chapters.models import model_chapters, model_report
from septima.schema import Text
from septima.workspace import Workspace


def test_each_model_has_a_study_that_finds_something_or_says_why_not(workspace: Workspace) -> None:
    steps: list[str] = []

    def progress(step: Text, done: int, total: int | None) -> None:
        steps.append(step.en)

    studies = list(model_chapters(workspace, "ru", progress=progress))
    assert [study.title for study in studies] == [
        "Ценность клиента",
        "Атрибуция",
        "План эксперимента",
        "Чего стоит лояльность",
    ]
    assert all(study.question for study in studies)
    assert steps[-1] == "Comparing loyal customers"
    silent = list(model_chapters(workspace, "ru"))
    assert silent == studies
    book = openpyxl.load_workbook(io.BytesIO(model_report(workspace, "xlsx", "ru")))
    assert book.sheetnames[:4] == [study.title for study in studies]


def test_an_experiment_that_never_was_says_so_in_its_study(workspace: Workspace) -> None:
    study = experiment_chapter(workspace, "spring", "en")
    assert (study.title, study.sections) == ("Experiment spring", ())
    assert "'spring'" in study.question
