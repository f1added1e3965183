"""Two people decide at once, and one decision holds."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from septima.web.accounts.models import Organisation, User
from septima.web.editing import register
from septima.web.editing.files import digest_of
from septima.web.editing.models import Draft, Version


@pytest.mark.django_db(transaction=True)
def test_of_two_drafts_that_are_approved_at_once_one_takes_effect(writable: Organisation) -> None:
    authors = [User.objects.get(email=f"{role}@example.org") for role in ("analyst", "administrator")]
    leader = User.objects.get(email="leader@example.org")
    register.look(writable)
    before = (writable.directory / "scorecard.yaml").read_text("utf-8")
    drafts: list[Draft] = []
    for author, target in zip(authors, ("0.31", "0.33"), strict=True):
        draft = register.begin(
            writable, author, "scorecard.yaml", before.replace("target: 0.3\n", f"target: {target}\n")
        )
        register.submit(draft, author, "")
        drafts.append(draft)
    # The same draft twice, and another one of the same file: of the four one can win.
    asked = [drafts[0].pk, drafts[0].pk, drafts[1].pk, drafts[1].pk]
    together = Barrier(len(asked))

    def approve(pk: int) -> str:
        try:
            draft = Draft.objects.select_related("organisation", "author").get(pk=pk)
            together.wait()
            register.approve(draft, leader, digest_of(draft.text))
        except register.EditingError as error:
            return str(error)
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(asked)) as pool:
        answers = list(pool.map(approve, asked))
    assert answers.count("") == 1
    assert sorted(Draft.objects.values_list("state", flat=True)) == ["approved", "submitted"]
    approved = Draft.objects.get(state="approved")
    assert (writable.directory / "scorecard.yaml").read_text("utf-8") == approved.text
    assert Version.objects.filter(origin="approved").count() == 1
