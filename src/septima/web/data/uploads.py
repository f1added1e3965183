"""An upload's way: received, looked at, mapped, loaded, and its file deleted when its time is over."""

import hashlib
import json
import re
import shutil
import time
from dataclasses import asdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone
from ruamel.yaml.error import YAMLError

from septima.lake.draft import draft
from septima.lake.mapping import MappingError
from septima.lake.rehearsal import look_at, rehearse
from septima.lake.store import Commit, Lake
from septima.schema import SeptimaError, Text
from septima.web.accounts.models import Organisation, User
from septima.web.common.workspaces import open_workspace
from septima.web.data.asking import EXAMINE, LOAD, begin_on, work_on
from septima.web.data.files import days_kept
from septima.web.data.mapping_forms import checked_mapping, for_file, read_form
from septima.web.data.models import SavedMapping, Upload
from septima.web.work.doing import begin_again, settle
from septima.web.work.kinds import Tell
from septima.web.work.models import Work

AT_ONCE = 8 * 2**20
"""Bytes up to which a file is looked through while its person waits; larger ones are the background worker's."""

_LOST_AFTER_SECONDS = 24 * 3600
_ABANDONED_AFTER = timedelta(days=30)
_LOOKING = Text("Looking at the columns", "Просмотр столбцов")


def examine(upload: Upload, tell: Tell | None = None) -> None:
    """Look at the file, map it if it is not mapped yet, and note what a load of it would do.

    SeptimaError where the file itself cannot be read; what is wrong with the mapping is noted in `examined`.
    """
    workspace = open_workspace(upload.organisation)
    lake, currency = workspace.lake, workspace.settings.currency
    if tell is not None:
        tell(_LOOKING, 0, None)
    # The first look is at all that is there; which sheet of a book it is, the mapping may say.
    form = read_form(upload.mapping) if upload.mapping else None
    sheet = None if form is None else form.options.get("sheet")
    looks, rows = look_at(lake, upload.path, upload.name, sheet=sheet)
    upload.header = header_digest([look.name for look in looks])
    known = ""
    if not upload.mapping:
        saved = saved_for(upload)
        if saved is not None:
            upload.mapping, known = for_file(saved.text, upload.name), saved.name
        else:
            upload.mapping = _drafted(lake, upload, currency)
    upload.save(update_fields=["header", "mapping"])
    problem: Text | None = None
    tables = []
    try:
        mapping = checked_mapping(upload.mapping, upload.mapping_path, upload.name)
        tables = rehearse(lake, mapping, {upload.name: upload.path}, progress=tell)
    except SeptimaError as error:
        problem = error.statement
    except YAMLError as error:
        problem = Text(str(error), str(error))
    seen = {
        "columns": [asdict(look) for look in looks],
        "tables": [asdict(table) for table in tables],
        "rows": rows,
        "problem": None if problem is None else asdict(problem),
        "saved": known,
        "mapping": text_digest(upload.mapping),
        "version": lake.version,
    }
    upload.folder.mkdir(parents=True, exist_ok=True)
    upload.examined_path.write_text(json.dumps(seen, ensure_ascii=False), encoding="utf-8")


def examined(upload: Upload) -> dict[str, Any]:
    """What `examine` noted last; empty where it never did or the file is gone."""
    try:
        seen: dict[str, Any] = json.loads(upload.examined_path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return seen


def is_ready(upload: Upload, seen: dict[str, Any]) -> bool:
    """Whether the file may be loaded: its mapping, as it stands, was tried and there are rows for a table."""
    tried = seen.get("mapping") == text_digest(upload.mapping) and not seen.get("problem")
    return upload.state == "mapping" and tried and any(table["read"] for table in seen["tables"])


def redraft(upload: Upload, table: str) -> None:
    """Guess the mapping anew, for this table."""
    workspace = open_workspace(upload.organisation)
    upload.mapping = _drafted(workspace.lake, upload, workspace.settings.currency, table)
    upload.save(update_fields=["mapping"])


def _drafted(lake: Lake, upload: Upload, currency: str | None, table: str | None = None) -> str:
    """A first mapping; where nothing of the header is known, one that only names the table."""
    try:
        return draft(lake, upload.path, table=table, currency=currency)
    except SeptimaError:
        stem = json.dumps(upload.path.stem, ensure_ascii=False)
        name = json.dumps(upload.name, ensure_ascii=False)
        return f"source: {stem}\nfiles:\n  - file: {name}\n    tables:\n      {table or 'orders'}:\n        columns: {{}}\n"


def start_loading(upload: Upload, user: User) -> Work | None:
    """Begin to load an upload, once however often it is asked for; None where it cannot be loaded now."""
    before = work_on(upload, LOAD)
    if before is not None:
        begin_again(settle(before))
        return before
    if not Upload.objects.filter(pk=upload.pk, state="mapping").update(state="loading"):
        return work_on(upload, LOAD)
    return begin_on(upload, LOAD, user)


def settled(upload: Upload) -> Work | None:
    """The work that an upload waits for, as it stands; an upload that waits for none that goes on awaits its mapping."""
    kind = {"examining": EXAMINE, "loading": LOAD}.get(upload.state)
    if kind is None:
        return None
    work = work_on(upload, kind)
    if work is None or not settle(work).is_active:
        # Such as one that was looked through in a request that died.
        Upload.objects.filter(pk=upload.pk, state=upload.state).update(state="mapping")
    upload.refresh_from_db()
    return work


def loaded_before(lake: Lake, upload: Upload, text: str) -> Commit | None:
    """The commit by which the lake took this upload, where the worker died before it could tell."""
    path, begun = str(upload.mapping_path), upload.created_at
    for version in range(lake.version, 0, -1):
        commit = lake.commit(version)
        if commit.at < begun:
            return None
        if commit.details.get("mapping") == path and commit.details.get("mapping_text") == text:
            return commit
    return None


def refuse(upload: Upload, problem: Text) -> None:
    """Note why a file is not taken, and delete it."""
    upload.state, upload.finished_at = "refused", timezone.now()
    upload.problem_en, upload.problem_ru = problem.en[:2000], problem.ru[:2000]
    upload.save(update_fields=["name", "state", "problem_en", "problem_ru", "finished_at"])
    upload.remove_files()


def discard(upload: Upload) -> bool:
    """Give up a file that is not being loaded, and delete it; False where it is."""
    changed = Upload.objects.filter(pk=upload.pk, state__in=("receiving", "examining", "mapping")).update(
        state="discarded", finished_at=timezone.now()
    )
    if not changed:
        return False
    upload.refresh_from_db()
    upload.remove_files()
    return True


def sweep() -> int:
    """Delete the files of uploads whose time is over, and give up those that nobody came back to; the number of the former."""
    over = timezone.now() - timedelta(days=days_kept())
    gone = Upload.objects.filter(state__in=("loaded", "refused", "discarded"), removed_at=None, finished_at__lte=over)
    for upload in gone:
        upload.remove_files()
    for upload in Upload.objects.filter(state="mapping", created_at__lte=timezone.now() - _ABANDONED_AFTER):
        discard(upload)
    _sweep_lost()
    return len(gone)


def forget_files(organisation: Organisation) -> int:
    """Delete the files that were loaded before their time is over, since each may name a person who is erased; how many."""
    loaded = Upload.objects.filter(organisation=organisation, state="loaded", removed_at=None)
    for upload in loaded:
        upload.remove_files()
    return len(loaded)


def _sweep_lost() -> None:
    """Delete what came of files whose receipt was cut off together with its process, a day after."""
    for folder in Path(settings.MEDIA_ROOT).glob("*/*"):
        named = re.fullmatch(r"[0-9a-f]{32}", folder.name) is not None
        old = time.time() - folder.stat().st_mtime > _LOST_AFTER_SECONDS
        if named and old and not Upload.objects.filter(token=folder.name).exists():
            shutil.rmtree(folder, ignore_errors=True)


def same_file(upload: Upload) -> Upload | None:
    """An earlier upload of the organisation with the very same contents, that was loaded."""
    same = Upload.objects.filter(organisation=upload.organisation, sha256=upload.sha256, state="loaded")
    return same.exclude(pk=upload.pk).order_by("pk").first()


def saved_for(upload: Upload) -> SavedMapping | None:
    """The newest mapping kept for files with this header."""
    kept = SavedMapping.objects.filter(organisation=upload.organisation, header=upload.header)
    return kept.order_by("-saved_at").first()


def keep_mapping(upload: Upload, name: str, user: User) -> SavedMapping:
    """Keep the mapping by name for the next file with the same header; one of that name is replaced.

    MappingError where it is wrong.
    """
    if not name:
        raise MappingError(Text("Give the mapping a name.", "Назовите сопоставление."))
    checked_mapping(upload.mapping, upload.mapping_path, upload.name)
    kept, _ = SavedMapping.objects.update_or_create(
        organisation=upload.organisation,
        name=name[:120],
        defaults={"header": upload.header, "text": upload.mapping, "user": user, "saved_at": timezone.now()},
    )
    return kept


def header_digest(columns: list[str]) -> str:
    """What says that two files have the same header."""
    return hashlib.sha256("\x1f".join(columns).encode()).hexdigest()


def text_digest(text: str) -> str:
    """What says that a mapping is the one that was tried."""
    return hashlib.sha256(text.encode()).hexdigest()
