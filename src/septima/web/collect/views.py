"""Sources that send by themselves: their keys, what waits, and what was left aside."""

from django import forms
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from septima.schema import Text
from septima.web.accounts.audit import note_event
from septima.web.accounts.models import new_token, token_hash
from septima.web.collect.models import KINDS, LINKS, SIGNING, Parcel, Source
from septima.web.collect.taking import waiting
from septima.web.common import sealed
from septima.web.common.access import MemberRequest, member
from septima.web.common.language import said_later, say
from septima.web.common.paging import newest_first
from septima.web.common.requests import origin_of

_MOST_SOURCES = 100


class SourceForm(forms.ModelForm):
    """What a source is called, what it is, and what its web hooks are signed by."""

    kind = forms.ChoiceField(
        label=said_later("What sends", "Что присылает"),
        choices=[(kind, said_later(name.en, name.ru)) for kind, name in KINDS.items()],
    )
    name = forms.SlugField(
        label=said_later("Name", "Имя"),
        help_text=said_later(
            "Latin letters, digits and hyphens, such as web-shop: so the source is called in the data.",
            "Латинские буквы, цифры и\u00a0дефисы, например web-shop: так источник называется в\u00a0данных.",
        ),
    )
    secret = forms.CharField(
        label=said_later("Key of signatures", "Ключ подписи"),
        max_length=500,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=said_later(
            "For SendGrid the verification key of its page Mail settings, for Mailgun the HTTP webhook signing key. "
            "Tracking clients need none.",
            "Для SendGrid\u00a0— ключ проверки со\u00a0страницы Mail settings, для Mailgun\u00a0— HTTP webhook signing key. "
            "Счётчикам событий он не\u00a0нужен.",
        ),
    )

    class Meta:
        """A source's own fields."""

        model = Source
        fields = ("kind", "name")

    def clean(self) -> dict[str, object]:
        """What signs its web hooks has a key for that."""
        found = super().clean() or {}
        if found.get("kind") in {"sendgrid", "mailgun"} and not found.get("secret"):
            self.add_error(
                "secret",
                say("Copy the key from the mail service.", "Скопируйте ключ из\u00a0почтовой службы."),
            )
        return found


@member("view_data")
def sources(request: MemberRequest) -> HttpResponse:
    """The sources, what waits, and what was left aside."""
    return _page(request, SourceForm())


@member("administer")
@require_POST
def begin(request: MemberRequest) -> HttpResponse:
    """A new source; its write key is shown once."""
    organisation, form = request.membership.organisation, SourceForm(request.POST)
    form.instance.organisation = organisation
    own = Source.objects.filter(organisation=organisation)
    if form.is_valid() and own.filter(name=form.cleaned_data["name"]).exists():
        form.add_error("name", say("There is a source of this name.", "Источник с\u00a0таким именем уже есть."))
    if form.is_valid() and own.filter(closed_at=None).count() >= _MOST_SOURCES:
        form.add_error(None, say("Close a source first.", "Сначала закройте какой-нибудь источник."))
    if not form.is_valid():
        return _page(request, form, status=422)
    key, source = new_token("septima_write"), form.save(commit=False)
    source.key_hash, source.key_ends_in = token_hash(key), key[-4:]
    source.secret, source.made_by = sealed.closed(form.cleaned_data["secret"].strip(), SIGNING), request.user
    source.save()
    note_event(organisation, request.user, "source.made", source.name, kind=source.kind)
    return _page(request, SourceForm(), made=source, key=key)


@member("administer")
@require_POST
def close(request: MemberRequest, pk: int) -> HttpResponse:
    """Close a source: its key opens nothing any more; what came stays."""
    organisation = request.membership.organisation
    source = get_object_or_404(Source.objects.exclude(kind=LINKS), organisation=organisation, pk=pk)
    if source.closed_at is None:
        source.closed_at = timezone.now()
        source.save(update_fields=["closed_at"])
        note_event(organisation, request.user, "source.closed", source.name)
    return redirect("collect:sources", organisation.slug)


@member("load_data")
@require_POST
def again(request: MemberRequest) -> HttpResponse:
    """Try once more to bring what was left aside."""
    organisation = request.membership.organisation
    Parcel.objects.filter(source__organisation=organisation).exclude(problem="").update(problem="", batch="")
    note_event(organisation, request.user, "collect.again", "")
    return redirect("collect:sources", organisation.slug)


def _page(
    request: MemberRequest, form: SourceForm, *, made: Source | None = None, key: str = "", status: int = 200
) -> HttpResponse:
    organisation = request.membership.organisation
    aside = Parcel.objects.filter(source__organisation=organisation).exclude(problem="").select_related("source")
    oldest = Parcel.objects.filter(source__organisation=organisation, problem="").order_by("received_at").first()
    origin = origin_of(request)
    sends_to = (
        origin if made is None or made.kind == "tracking" else origin + reverse(f"receiving:{made.kind}", args=[key])
    )
    context = {
        "here": "collect",
        "form": form,
        "page": newest_first(request, Source.objects.filter(organisation=organisation)),
        "kinds": {**KINDS, LINKS: Text("Tracked links", "Отслеживаемые ссылки")},
        "waiting": waiting(organisation.pk),
        "oldest": oldest,
        "aside": aside.order_by("pk")[:20],
        "aside_count": aside.count(),
        "made": made,
        "key": key,
        "sends_to": sends_to,
    }
    answer = render(request, "collect/sources.html", context, status=status)
    if key:
        answer["Cache-Control"] = "no-store"
    return answer
