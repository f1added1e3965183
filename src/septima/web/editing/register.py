"""Drafts become versions here: looking at the files, submitting, approving, taking back.

The file is written first and the database told after; a process that dies between the two leaves a draft that is
`approving`, and whoever looks next sees by the file itself which of the two happened.
"""

from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from django.db import IntegrityError, transaction
from django.utils import timezone
from filelock import FileLock, Timeout

from septima.durable import write_over
from septima.schema import SeptimaError, Text
from septima.scorecard.audit import (
    FOLDER,
    AuditError,
    Entry,
    definition_texts,
    read_log,
    record_changes,
    without_secrets,
)
from septima.web.accounts.audit import note_event
from septima.web.accounts.models import Membership, Organisation, User
from septima.web.common.language import say
from septima.web.common.permissions import ROLES, allowed
from septima.web.editing.comparing import merged
from septima.web.editing.files import FileError, digest_of, names, text_of
from septima.web.editing.models import Draft, Version

FOUND = "found by the site"
"""Whose a change is called in the log of the workspace that was made by nobody whom the site knows."""

_WAIT_SECONDS = 20.0


class EditingError(SeptimaError):
    """What cannot be done with a draft, and what to do instead."""


@contextmanager
def locked(directory: Path) -> Generator[None]:
    """Hold the definitions of a workspace, so that one process at a time looks and writes."""
    folder = directory / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "definitions.lock", timeout=_WAIT_SECONDS)
    try:
        lock.acquire()
    except Timeout:
        raise EditingError(
            Text(
                "another change is being written; try again in a minute",
                "сейчас записывается другое изменение; попробуйте через минуту",
            )
        ) from None
    try:
        yield
    finally:
        lock.release()


def look(organisation: Organisation) -> None:
    """Note what the site has not seen yet: first texts, changes made outside, approvals that were cut short."""
    if _is_known(organisation):
        return
    with locked(organisation.directory):
        _finish_all(organisation)
        log = _log(organisation.directory)
        for name in _seen(organisation):
            _note_file(organisation, name, log)


def begin(organisation: Organisation, user: User, name: str, text: str | None = None, note: str = "") -> Draft:
    """The person's open draft of a file, made from what the file says now where there is none.

    With a `text` the draft holds it, such as that of an earlier version.
    """
    current = text_of(organisation.directory, name)
    opened = Draft.objects.filter(organisation=organisation, file=name, author=user, state="draft").first()
    if opened is None:
        start = current if current is not None else ""
        try:
            with transaction.atomic():
                opened = Draft.objects.create(
                    organisation=organisation,
                    file=name,
                    author=user,
                    base_digest=digest_of(current),
                    base_text=start,
                    text=start,
                    note=note,
                )
        except IntegrityError:  # the same person pressed twice
            opened = Draft.objects.get(organisation=organisation, file=name, author=user, state="draft")
        else:
            note_event(organisation, user, "definition.draft_begun", name, draft=opened.pk)
    if text is not None and text != opened.text:
        opened.text, opened.updated_at = text, timezone.now()
        if note:
            opened.note = note
        opened.save(update_fields=["text", "updated_at", "note"])
    return opened


def keep(draft: Draft, text: str, seen_digest: str) -> None:
    """Keep a text in a draft; EditingError where the draft has become another since the page that was sent."""
    changed = Draft.objects.filter(pk=draft.pk, state="draft", text=draft.text)
    if digest_of(draft.text) != seen_digest or not changed.update(text=text, updated_at=timezone.now()):
        raise EditingError(
            Text(
                "this draft was changed meanwhile, perhaps by yourself in another window; your changes were not kept, "
                "and below is what it says now",
                "черновик тем временем изменился, возможно, вами же в другом окне; ваши правки не сохранены, "
                "ниже — то, что в нём сейчас",
            )
        )
    draft.refresh_from_db()


def submit(draft: Draft, user: User, note: str) -> None:
    """Offer a draft for approval; the caller has seen that its text is right."""
    if is_stale(draft):
        raise EditingError(stale_words())
    if draft.text == draft.base_text and draft.base_digest:
        raise EditingError(Text("nothing differs from the file yet", "пока ничего не изменено"))
    moved = Draft.objects.filter(pk=draft.pk, state="draft", author=user, text=draft.text)
    if not moved.update(state="submitted", submitted_at=timezone.now(), note=note, updated_at=timezone.now()):
        raise EditingError(_no_longer())
    draft.refresh_from_db()
    note_event(
        draft.organisation, user, "definition.submitted", draft.file, draft=draft.pk, digest=digest_of(draft.text)
    )


def withdraw(draft: Draft, user: User) -> None:
    """Take one's own draft back, for good; its text stays to be read."""
    moved = Draft.objects.filter(pk=draft.pk, state__in=("draft", "submitted"), author=user)
    if not moved.update(state="withdrawn", updated_at=timezone.now()):
        raise EditingError(_no_longer())
    draft.refresh_from_db()
    note_event(draft.organisation, user, "definition.withdrawn", draft.file, draft=draft.pk)


def reject(draft: Draft, user: User, note: str) -> None:
    """Refuse what was submitted, and say why."""
    if not note.strip():
        raise EditingError(
            Text("say why, so that the author can mend it", "напишите, почему: автору нужно это исправить")
        )
    moved = Draft.objects.filter(pk=draft.pk, state="submitted").exclude(author=user)
    if not moved.update(state="rejected", reviewer=user, reviewed_at=timezone.now(), review_note=note):
        raise EditingError(_no_longer())
    draft.refresh_from_db()
    note_event(draft.organisation, user, "definition.rejected", draft.file, draft=draft.pk, note=note)


def reopen(draft: Draft, user: User) -> Draft:
    """A draft to go on with, of the text of one that was rejected, withdrawn or submitted by the same person."""
    offered = Draft.objects.filter(pk=draft.pk, state="submitted", author=user)
    if draft.state == "submitted" and not offered.update(state="superseded"):
        raise EditingError(_no_longer())
    return begin(draft.organisation, user, draft.file, draft.text, draft.note)


def rebase(draft: Draft, user: User, prefer: Literal["ours", "theirs"]) -> None:
    """Bring one's own draft up to the file as it is now; where both changed the same lines, what is preferred stands."""
    current = text_of(draft.organisation.directory, draft.file)
    joined = merged(draft.base_text, draft.text, current or "", prefer)
    moved = Draft.objects.filter(pk=draft.pk, state__in=("draft", "submitted"), author=user, text=draft.text)
    try:
        with transaction.atomic():
            done = moved.update(
                state="draft",
                base_text=current or "",
                base_digest=digest_of(current),
                text=joined.text,
                updated_at=timezone.now(),
            )
    except IntegrityError:
        raise EditingError(
            Text(
                "you have another draft of this file; submit or withdraw that one first",
                "у вас есть другой черновик этого файла; сначала отправьте или отзовите его",
            )
        ) from None
    if not done:
        raise EditingError(_no_longer())
    draft.refresh_from_db()
    note_event(
        draft.organisation, user, "definition.rebased", draft.file, draft=draft.pk, conflicts=len(joined.conflicts)
    )


def is_alone(organisation: Organisation, user: User) -> bool:
    """Whether nobody else could approve what this person wrote."""
    approving = [role for role in ROLES if allowed(role, "approve_definitions")]
    others = Membership.objects.filter(
        organisation=organisation, ended_at=None, role__in=approving, user__is_active=True
    ).exclude(user=user)
    return not others.exists()


def is_stale(draft: Draft) -> bool:
    """Whether the file is no longer what the draft began from."""
    try:
        return digest_of(text_of(draft.organisation.directory, draft.file)) != draft.base_digest
    except FileError:  # what cannot be read is surely another text
        return True


def approve(draft: Draft, user: User, seen_digest: str) -> Version:
    """Put a submitted draft into force: write its file, then note it everywhere.

    `seen_digest` is of the text that the person was shown. EditingError where it is one's own while somebody else could
    approve it, where the file or the draft has changed meanwhile, or where the draft is no longer submitted. The caller
    has seen that the text is right.
    """
    organisation = draft.organisation
    own = draft.author_id == user.pk  # pyright: ignore[reportAttributeAccessIssue]
    alone = own and is_alone(organisation, user)
    if own and not alone:
        raise EditingError(
            Text(
                "a second person approves what you wrote; ask a leader or a head of a department",
                "то, что написали вы, утверждает второй человек; попросите руководителя CRM или подразделения",
            )
        )
    look(organisation)
    with locked(organisation.directory):
        draft.refresh_from_db()
        if is_stale(draft):
            raise EditingError(stale_words())
        if digest_of(draft.text) != seen_digest:
            # The author may have taken it back, changed it and offered it again since.
            raise EditingError(
                Text(
                    "this draft has become another since you were shown it; look at it again, and decide then",
                    "с\u00a0тех пор как вам показали этот черновик, он изменился; посмотрите его снова и\u00a0решите",
                )
            )
        moved = Draft.objects.filter(pk=draft.pk, state="submitted", text=draft.text)
        decided = timezone.now()
        if not moved.update(state="approving", reviewer=user, reviewed_at=decided, approved_alone=alone):
            raise EditingError(_no_longer())
        draft.refresh_from_db()
        # What the log has not seen yet is not the author's: without this their change would begin from nothing.
        _log_changes(draft, FOUND)
        try:
            write_over(organisation.directory / draft.file, draft.text)
        except OSError as error:
            _take_back(draft)
            raise EditingError(
                Text(
                    f"the file cannot be written: {error.strerror}; nothing has changed, tell the administrator",
                    f"файл не записать: {error.strerror}; ничего не изменилось, сообщите администратору",
                )
            ) from error
        return _finish(draft)


def stale_words() -> str:
    """What to say where a draft's base is no longer the file."""
    return say(
        "the file has changed since this draft was begun; bring the draft up to it first",
        "с начала этого черновика файл изменился; сначала перенесите черновик на новый файл",
    )


def _no_longer() -> str:
    return say(
        "this draft is no longer in that state; look what has happened to it",
        "состояние черновика уже другое; посмотрите, что с ним",
    )


def _take_back(draft: Draft) -> None:
    Draft.objects.filter(pk=draft.pk).update(state="submitted", reviewer=None, reviewed_at=None, approved_alone=False)


def _finish_all(organisation: Organisation) -> None:
    for draft in Draft.objects.filter(organisation=organisation, state="approving"):
        if digest_of(text_of(organisation.directory, draft.file)) == digest_of(draft.text):
            _finish(draft)
        else:
            _take_back(draft)


def _finish(draft: Draft) -> Version:
    """Note everywhere that the draft's text is in force; done again it does nothing more."""
    organisation, author, approver = draft.organisation, draft.author, draft.reviewer
    who = f"{author}, approved {'alone' if draft.approved_alone else f'by {approver}'}"
    # The log of the workspace is told first: its chain is what reports and closed periods rest on.
    _log_changes(draft, one_line(who))
    with transaction.atomic():
        version, made = Version.objects.get_or_create(
            draft=draft,
            defaults={
                "organisation": organisation,
                "file": draft.file,
                "number": _next_number(organisation, draft.file),
                "digest": digest_of(draft.text),
                "text": draft.text,
                "origin": "approved",
                "author": author,
                "author_name": str(author or ""),
                "approver": approver,
                "approved_alone": draft.approved_alone,
                "note": draft.note,
                "at": draft.reviewed_at or timezone.now(),
            },
        )
        Draft.objects.filter(pk=draft.pk).update(state="approved", updated_at=timezone.now())
        if made:
            note_event(
                organisation,
                approver,
                "definition.approved",
                draft.file,
                draft=draft.pk,
                version=version.number,
                alone=draft.approved_alone,
                digest=version.digest,
            )
    draft.refresh_from_db()
    return version


def _log_changes(draft: Draft, author: str) -> None:
    directory = draft.organisation.directory
    try:
        record_changes(directory, definition_texts(directory), author)
    except (AuditError, OSError) as error:
        note_event(draft.organisation, draft.reviewer, "definition.log_failed", draft.file, reason=str(error)[:500])


def one_line(name: str) -> str:
    """A name as the log takes it: on one line, of printable signs."""
    text = "".join(sign if sign.isprintable() else " " for sign in name).strip()
    return text[:200] or "?"


def _next_number(organisation: Organisation, name: str) -> int:
    newest = Version.objects.filter(organisation=organisation, file=name).first()
    return 1 if newest is None else newest.number + 1


def _seen(organisation: Organisation) -> list[str]:
    known = Version.objects.filter(organisation=organisation).order_by().values_list("file", flat=True).distinct()
    return list(dict.fromkeys((*names(organisation.directory), *known)))


def _newest(organisation: Organisation) -> dict[str, str]:
    """The digest of the newest version by file."""
    rows = Version.objects.filter(organisation=organisation).order_by("number").values_list("file", "digest")
    return dict(rows)


def _is_known(organisation: Organisation) -> bool:
    if Draft.objects.filter(organisation=organisation, state="approving").exists():
        return False
    newest = _newest(organisation)
    for name in dict.fromkeys((*names(organisation.directory), *newest)):
        try:
            text = text_of(organisation.directory, name)
        except FileError:
            continue
        if digest_of(text) != newest.get(name, ""):
            return False
    return True


def _log(directory: Path) -> tuple[Entry, ...]:
    try:
        return read_log(directory)
    except (AuditError, OSError):
        return ()


def _note_file(organisation: Organisation, name: str, log: tuple[Entry, ...]) -> None:
    try:
        text = text_of(organisation.directory, name)
    except FileError:
        return
    newest = Version.objects.filter(organisation=organisation, file=name).first()
    if (newest.digest if newest else "") == digest_of(text):
        return
    hidden = None if text is None else without_secrets(text)
    entries = [entry for entry in log if entry.subject == name and entry.event in ("recorded", "changed", "removed")]
    if newest is None:
        for entry in entries:
            if entry.text is not None and entry.text != hidden:
                _add(organisation, name, entry.text, "imported", entry.author, entry)
    last = entries[-1] if entries else None
    known = last if last is not None and last.text == hidden else None
    origin = "removed" if text is None else "imported" if newest is None else "outside"
    author = known.author if known else ""
    _add(organisation, name, text, origin, author, known)


def _add(
    organisation: Organisation, name: str, text: str | None, origin: str, author: str, entry: Entry | None
) -> None:
    path = organisation.directory / name
    at = entry.at if entry else timezone.now()
    if entry is None and path.exists():
        at = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
    Version.objects.create(
        organisation=organisation,
        file=name,
        number=_next_number(organisation, name),
        digest=digest_of(text),
        text=text or "",
        origin=origin,
        author_name=author[:200],
        at=at,
    )
