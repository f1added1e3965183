"""Pages by which a person brings a file: choose it, see its mapping, mend it, load it."""

import secrets
import shutil
from typing import cast

from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.http.request import UnreadablePostError
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_POST
from filelock import FileLock, Timeout

from septima.lake.mapping import MappingError
from septima.schema import TABLES, Column, SeptimaError, Text
from septima.web.accounts.audit import note_event
from septima.web.common.access import MemberRequest, member
from septima.web.common.errors import cannot
from septima.web.common.language import current_language, error_statement, error_text, say
from septima.web.data.asking import EXAMINE, LOAD, begin_on, work_on
from septima.web.data.files import (
    KINDS,
    MEGABYTE,
    ReceivingToDisk,
    check_file,
    days_kept,
    largest_upload,
    safe_name,
    too_large,
)
from septima.web.data.mapping_forms import (
    DATE_FORMS,
    IGNORE,
    KEEP,
    ColumnChoice,
    FormMapping,
    check_text,
    form_from_post,
    is_number,
    is_time,
    mappable,
    read_form,
    write_form,
)
from septima.web.data.models import OPEN_STATES, SavedMapping, Upload
from septima.web.data.reasons import reason_text
from septima.web.data.uploads import (
    AT_ONCE,
    discard,
    examine,
    examined,
    is_ready,
    keep_mapping,
    redraft,
    refuse,
    same_file,
    settled,
    start_loading,
    sweep,
    text_digest,
)

_RECENT = 20


@csrf_exempt
@member("load_data")
def upload(request: MemberRequest) -> HttpResponse:
    """Choose a file; or receive one. A file that is too large is refused before it is read."""
    if request.method != "POST":
        return _choose(request)
    if too_large(int(request.META.get("CONTENT_LENGTH") or 0)):
        return _too_large(request)
    mine = _open_upload(request)
    if mine is not None:
        return _one_at_a_time(request, mine)
    # The token of the form is looked for in the form itself: whoever reads it must already know where to put the file.
    made = Upload(
        organisation=request.membership.organisation, user=request.user, token=secrets.token_hex(16), name="…"
    )
    handler = ReceivingToDisk(made.folder)
    request.upload_handlers = [handler]  # pyright: ignore[reportAttributeAccessIssue] # as Django documents it
    try:
        return _receive(request, made, handler)
    finally:
        if made.pk is None:
            # Looking for the token received the file; without it, or with the connection lost, nothing of it is kept.
            shutil.rmtree(made.folder, ignore_errors=True)


@csrf_protect
def _receive(request: MemberRequest, made: Upload, handler: ReceivingToDisk) -> HttpResponse:
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError:
        return _one_at_a_time(request, _open_upload(request))
    # While this is held, the file is on its way; when the process goes, so does the claim.
    made.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with FileLock(made.folder / "receiving.lock"):
        try:
            request.POST  # noqa: B018 - reading the form is what receives the file
        except (UnreadablePostError, MultiPartParserError, OSError):
            refuse(made, Text("", ""))
            raise
        problem = _what_is_wrong(handler)
        if problem is None:
            path = handler.path
            assert path is not None  # noqa: S101 - else something were wrong
            made.name, made.size, made.sha256 = path.name, handler.size, handler.sha256
            made.state = "examining"
            made.save(update_fields=["name", "size", "sha256", "state"])
    if problem is not None:
        made.name = safe_name(handler.original) if handler.original else say("no file", "нет файла")
        refuse(made, problem)
        if handler.too_large:
            return _too_large(request)
        return _choose(request, problem.in_language(current_language()), status=422)
    note_event(made.organisation, request.user, "upload.received", made.name, size=made.size)
    return _look(request, made)


def _what_is_wrong(handler: ReceivingToDisk) -> Text | None:
    if handler.path is None:
        return Text("Choose a file first.", "Сначала выберите файл.")
    if handler.too_large:
        return Text("The file is too large.", "Файл слишком большой.")
    try:
        check_file(handler.path, handler.path.name)
    except SeptimaError as error:
        return error.statement
    return None


def _look(request: MemberRequest, made: Upload) -> HttpResponse:
    """Look through a file, at once or by the background worker; a file that cannot be read is refused."""
    if made.size > AT_ONCE:
        return _to(request, "data:work", begin_on(made, EXAMINE, request.user).pk)
    try:
        examine(made)
    except (SeptimaError, OSError) as error:
        refuse(made, error_statement(error))
        return _choose(request, error_text(error), status=422)
    Upload.objects.filter(pk=made.pk, state="examining").update(state="mapping")
    return _to(request, "data:mapping", made.pk)


def _open_upload(request: MemberRequest) -> Upload | None:
    """The file that this person has still to finish; one whose receipt was cut off is none."""
    found = Upload.objects.filter(
        organisation=request.membership.organisation, user=request.user, state__in=OPEN_STATES
    ).first()
    if found is not None and found.state == "receiving":
        found.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            with FileLock(found.folder / "receiving.lock", timeout=0):
                refuse(found, Text("the connection was lost on the way", "связь прервалась"))
        except Timeout:
            return found
        return None
    if found is not None and found.state == "examining":
        settled(found)
    return found


def _one_at_a_time(request: MemberRequest, mine: Upload | None) -> HttpResponse:
    if mine is None:
        return _to(request, "data:upload")
    messages.error(
        request,
        say(
            f"One file at a time: load or discard “{mine.name}” first.",
            f"Файлы загружаются по\u00a0одному: сначала загрузите или отмените «{mine.name}».",
        ),
    )
    return _to(request, "data:mapping", mine.pk)


def _too_large(request: MemberRequest) -> HttpResponse:
    megabytes = largest_upload() // MEGABYTE
    answer = cannot(
        request,
        say("The file is too large", "Файл слишком большой"),
        say(
            f"Files up to {megabytes} MB are taken here. Split it into parts, save it as Parquet, which is several times smaller, "
            "or ask the administrator to load it by the command line: septima load.",
            f"Здесь принимаются файлы до\u00a0{megabytes}\u00a0МБ. Разделите файл на\u00a0части, сохраните его как Parquet, который "
            "в\u00a0несколько раз меньше, или попросите администратора загрузить его из\u00a0командной строки: septima load.",
        ),
        status=413,
    )
    answer["Connection"] = "close"  # what was not read is not to be taken for the next request
    return answer


def _told(problem: dict[str, str] | None) -> str:
    """What was wrong when the file was tried, in the language of the request."""
    return Text(**problem).in_language(current_language()) if problem else ""


def _choose(request: MemberRequest, problem: str = "", *, status: int = 200) -> HttpResponse:
    organisation = request.membership.organisation
    sweep()
    mine = _open_upload(request)
    recent = list(Upload.objects.filter(organisation=organisation).select_related("user")[:_RECENT])
    language = current_language()
    context = {
        "problem": problem,
        "mine": mine,
        "recent": [(one, one.state_text(language), work_on(one, LOAD)) for one in recent],
        "megabytes": largest_upload() // MEGABYTE,
        "bytes": largest_upload(),
        "accept": ",".join(KINDS),
        "days": days_kept(),
        "saved": SavedMapping.objects.filter(organisation=organisation).select_related("user"),
        "here": "upload",
    }
    return render(request, "data/upload.html", context, status=status)


@member("load_data")
def mapping(request: MemberRequest, pk: int) -> HttpResponse:
    """The mapping of a file, and what loading by it would do; posting it changes and tries it."""
    upload = _own(request, pk)
    work = settled(upload) or work_on(upload, LOAD)
    if upload.state != "mapping":
        if work is not None and upload.state in {"examining", "loading", "loaded"}:
            return _to(request, "data:work", work.pk)
        return _gone(request, upload)
    if request.method == "POST":
        return _change(request, upload)
    return _mapping_page(request, upload)


def _gone(request: MemberRequest, upload: Upload) -> HttpResponse:
    return cannot(
        request,
        say(f"“{upload.name}” is not here any more", f"Файла «{upload.name}» здесь больше нет"),
        say(
            "It was refused or discarded. Upload it again if you need it.",
            "Он был отклонён или отменён. Загрузите его снова, если он нужен.",
        ),
        status=410,
    )


def _change(request: MemberRequest, upload: Upload) -> HttpResponse:
    """Take over what was changed in the form or in the YAML, and try it."""
    as_yaml = "yaml" in request.POST
    try:
        if as_yaml:
            text = request.POST["yaml"].replace("\r\n", "\n")
            check_text(text)
        else:
            before = read_form(upload.mapping)
            names = [column["name"] for column in examined(upload).get("columns", [])]
            form = form_from_post(request.POST.dict(), names, before.options if before else {})
            text = write_form(form, upload.name)
    except MappingError as error:
        return _mapping_page(request, upload, error_text(error), text=request.POST.get("yaml"), status=422)
    upload.mapping = text
    upload.save(update_fields=["mapping"])
    return _try(request, upload, as_yaml=as_yaml)


def _try(request: MemberRequest, upload: Upload, *, as_yaml: bool = False) -> HttpResponse:
    if upload.size > AT_ONCE:
        if Upload.objects.filter(pk=upload.pk, state="mapping").update(state="examining"):
            return _to(request, "data:work", begin_on(upload, EXAMINE, request.user).pk)
        return _to(request, "data:mapping", upload.pk)
    try:
        examine(upload)
    except (SeptimaError, OSError) as error:
        return _mapping_page(request, upload, error_text(error), status=422)
    address = reverse("data:mapping", args=(request.membership.organisation.slug, upload.pk))
    return redirect(f"{address}?as=yaml#outcome" if as_yaml else f"{address}#outcome")


@member("load_data")
@require_POST
def guess(request: MemberRequest, pk: int) -> HttpResponse:
    """Guess the mapping anew for the table that was chosen."""
    upload = _own(request, pk)
    table = request.POST.get("table", "")
    if upload.state != "mapping" or table not in TABLES:
        return _to(request, "data:mapping", pk)
    redraft(upload, table)
    return _try(request, upload)


@member("load_data")
@require_POST
def keep(request: MemberRequest, pk: int) -> HttpResponse:
    """Keep the mapping by name for files with the same header."""
    upload = _own(request, pk)
    name = request.POST.get("name", "").strip()
    try:
        kept = keep_mapping(upload, name, request.user)
    except MappingError as error:
        messages.error(request, error_text(error))
    else:
        note_event(upload.organisation, request.user, "mapping.kept", kept.name)
        messages.success(
            request,
            say(
                f"Kept as “{kept.name}”: the next file with the same header is mapped by it.",
                f"Сохранено как «{kept.name}»: следующий файл с\u00a0таким\u00a0же заголовком будет сопоставлен так\u00a0же.",
            ),
        )
    return _to(request, "data:mapping", pk)


@member("load_data")
@require_POST
def forget(request: MemberRequest, pk: int) -> HttpResponse:
    """Delete a kept mapping; what was loaded by it stays."""
    kept = get_object_or_404(SavedMapping, pk=pk, organisation=request.membership.organisation)
    note_event(kept.organisation, request.user, "mapping.forgotten", kept.name)
    kept.delete()
    messages.success(request, say(f"“{kept.name}” is deleted.", f"«{kept.name}» удалено."))
    return _to(request, "data:upload")


@member("load_data")
@require_POST
def load(request: MemberRequest, pk: int) -> HttpResponse:
    """Begin to load; pressing twice begins once."""
    upload = _own(request, pk)
    seen = examined(upload)
    if upload.state == "mapping" and (
        not is_ready(upload, seen) or request.POST.get("mapping") != text_digest(upload.mapping)
    ):
        messages.error(
            request,
            say(
                "The mapping was changed meanwhile: look at what it would do, and load then.",
                "Сопоставление тем временем изменилось: посмотрите, что получится, и\u00a0загрузите после этого.",
            ),
        )
        return _to(request, "data:mapping", pk)
    work = start_loading(upload, request.user)
    return _to(request, "data:mapping", pk) if work is None else _to(request, "data:work", work.pk)


@member("load_data")
@require_POST
def drop(request: MemberRequest, pk: int) -> HttpResponse:
    """Discard a file that was not loaded."""
    upload = _own(request, pk)
    if upload.state == "discarded" or discard(upload):
        note_event(upload.organisation, request.user, "upload.discarded", upload.name)
        messages.success(
            request,
            say(
                f"“{upload.name}” is discarded; nothing of it was loaded.",
                f"«{upload.name}» отменён; из\u00a0него ничего не\u00a0загружено.",
            ),
        )
        return _to(request, "data:upload")
    messages.error(
        request,
        say("It is being loaded; stop that first.", "Файл загружается; сначала остановите загрузку."),
    )
    return _to(request, "data:mapping", pk)


def _mapping_page(
    request: MemberRequest, upload: Upload, problem: str = "", *, text: str | None = None, status: int = 200
) -> HttpResponse:
    seen, form = examined(upload), read_form(upload.mapping)
    as_yaml = request.GET.get("as") == "yaml" or form is None or text is not None
    language = current_language()
    tables = [
        {
            **table,
            "meaning": TABLES[table["table"]].meaning.in_language(language),
            "reasons": [{**reason, "words": reason_text(reason["reason"])} for reason in table["reasons"]],
        }
        for table in seen.get("tables", [])
    ]
    fresh = seen.get("mapping") == text_digest(upload.mapping)
    context = {
        "upload": upload,
        "seen": seen,
        "problem": problem or (_told(seen.get("problem")) if fresh else ""),
        "tables": tables if fresh and not problem else [],
        "ready": is_ready(upload, seen) and not problem,
        "digest": text_digest(upload.mapping),
        "same": same_file(upload),
        "as_yaml": as_yaml,
        "only_yaml": form is None,
        "text": upload.mapping if text is None else text,
        "form": None if form is None else _form_lines(form, seen),
        "choices": [(table.name, table.meaning.in_language(language)) for table in TABLES.values()],
        "large": upload.size > AT_ONCE,
        "here": "upload",
    }
    return render(request, "data/mapping.html", context, status=status)


def _form_lines(form: FormMapping, seen: dict[str, object]) -> dict[str, object]:
    """The form as its page shows it: a line for every column of the file, and the columns of the table that are left."""
    table, language = TABLES[form.table], current_language()
    declared = mappable(table)
    by_name = {column.name: column for column in declared}
    looks = cast("list[dict[str, object]]", seen.get("columns", []))
    lines = [_form_line(index, look, form, by_name) for index, look in enumerate(looks)]
    taken = {choice.target for choice in form.columns.values()}
    free = [column for column in declared if column.name not in taken]
    needed = [
        column for column in free if column.required or column.name in table.key or form.constants.get(column.name)
    ]
    return {
        "source": form.source,
        "table": form.table,
        "lines": lines,
        "targets": [(column.name, column.meaning.in_language(language), column.required) for column in declared],
        "constants": [
            {
                "name": column.name,
                "meaning": column.meaning.in_language(language),
                "value": form.constants.get(column.name, ""),
                "choices": column.choices,
                "needed": column.required,
            }
            for column in needed
        ],
        "addable": [(column.name, column.meaning.in_language(language)) for column in free if column not in needed],
        "keep": KEEP,
        "ignore": IGNORE,
    }


def _form_line(index: int, look: dict[str, object], form: FormMapping, by_name: dict[str, Column]) -> dict[str, object]:
    name = str(look["name"])
    choice = form.columns.get(name, ColumnChoice())
    column = by_name.get(choice.target)
    found = cast("list[str]", look["values"])
    values = list(dict.fromkeys([*found, *choice.values])) if column is not None and column.choices else []
    strange = [value for value in values if column is None or value not in column.choices or value in choice.values]
    dates = list(DATE_FORMS) if not choice.dates or choice.dates in DATE_FORMS else [choice.dates, *DATE_FORMS]
    return {
        "index": index,
        "name": name,
        "examples": look["examples"],
        "choice": choice,
        "dates": dates if column is not None and is_time(column) else [],
        "decimals": [".", ","] if column is not None and is_number(column) else [],
        "values": [(value, choice.values.get(value, "")) for value in strange],
        "choices": () if column is None else column.choices,
    }


def _own(request: MemberRequest, pk: int) -> Upload:
    return get_object_or_404(Upload, pk=pk, organisation=request.membership.organisation)


def _to(request: HttpRequest, view: str, *arguments: object) -> HttpResponse:
    return redirect(view, cast("MemberRequest", request).membership.organisation.slug, *arguments)
