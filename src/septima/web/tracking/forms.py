"""Forms by which links are built."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms

from septima.web.accounts.models import Organisation
from septima.web.common.language import error_text, said_later, say
from septima.web.tracking.known import rules_of
from septima.web.tracking.making import CODE, FIXED
from septima.web.tracking.models import MARKS, TrackedLink
from septima.web.tracking.targets import TargetError, ascii_host, checked_target

_MOST_SUGGESTED = 30
_LABELS = {
    "name": said_later("Name", "Название"),
    "target": said_later("Where it leads", "Куда ведёт"),
    "source": said_later("Source", "Источник"),
    "medium": said_later("Channel", "Канал"),
    "campaign": said_later("Campaign", "Кампания"),
    "term": said_later("Term", "Запрос"),
    "content": said_later("Content", "Содержание"),
    "code": said_later("Short code", "Короткий код"),
    "promo_code": said_later("Promo code", "Промокод"),
    "leaflet": said_later("Number of the leaflet", "Номер листовки"),
    "cost": said_later("Cost of the placement", "Стоимость размещения"),
    "personal": said_later("For letters: each customer has an address", "Для писем: у\u00a0каждого клиента свой адрес"),
}
_HELP = {
    "name": said_later("For your own list.", "Для вашего списка."),
    "target": said_later("The whole address of the page.", "Полный адрес страницы."),
    "source": said_later("utm_source, such as newsletter.", "utm_source, например newsletter."),
    "medium": said_later(
        "utm_medium, such as email; it is the channel in the data.",
        "utm_medium, например email; в\u00a0данных это канал.",
    ),
    "campaign": said_later(
        "utm_campaign, called as in the data of deliveries and costs.",
        "utm_campaign; называйте её так\u00a0же, как в\u00a0данных о\u00a0доставках и\u00a0расходах.",
    ),
    "term": said_later("utm_term", "utm_term"),
    "content": said_later("utm_content tells variants apart.", "utm_content различает варианты."),
    "code": said_later(
        "Latin letters, digits and hyphens; made where left empty.",
        "Латинские буквы, цифры и\u00a0дефисы; если пусто, придумаем сами.",
    ),
    "promo_code": said_later("Orders that bear it are this link’s.", "Заказы с\u00a0ним относятся к\u00a0этой ссылке."),
    "leaflet": said_later("For print.", "Для печати."),
    "cost": said_later(
        "In the organisation’s currency; CPC and CPO come of it.",
        "В\u00a0валюте организации; из\u00a0неё считаются CPC и\u00a0CPO.",
    ),
    "personal": said_later(
        "Then a click is known to be a customer’s.", "Тогда видно, кто из\u00a0клиентов перешёл по\u00a0ссылке."
    ),
}


@dataclass(frozen=True)
class FieldGroup:
    """Fields under a heading, as templates of forms take them."""

    title: str
    visible_fields: Sequence[forms.BoundField]


class LinkForm(forms.ModelForm):
    """A link; of one that is there what its hits are in the data under does not change."""

    token = forms.CharField(max_length=40, widget=forms.HiddenInput)

    class Meta:
        """A link's own fields."""

        model = TrackedLink
        fields = ("name", "target", *MARKS, "code", "promo_code", "leaflet", "cost", "personal")
        labels: ClassVar = _LABELS
        help_texts: ClassVar = _HELP

    def __init__(self, organisation: Organisation, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.organisation = organisation
        self.fields["code"].required = False
        self.fields["target"].widget.attrs.update({"inputmode": "url", "placeholder": "https://"})
        self.fields["cost"].min_value = 0  # pyright: ignore[reportAttributeAccessIssue] # it is a DecimalField
        self.fields["cost"].widget.attrs.update({"min": "0"})
        for name in (*MARKS, "code", "promo_code", "leaflet"):
            self.fields[name].widget.attrs.update({"autocomplete": "off", "spellcheck": "false"})
        for name in MARKS:
            self.fields[name].widget.attrs["list"] = f"used-{name}"
        if self.instance.pk is not None:
            del self.fields["token"]
            for name in FIXED:
                self.fields[name].disabled = True

    @property
    def groups(self) -> list[FieldGroup]:
        """The fields under their headings."""
        of = (
            (say("Where to", "Куда"), ("name", "target", "personal")),
            (say("Marks", "Метки"), MARKS),
            (say("In print and money", "Печать и\u00a0деньги"), ("code", "promo_code", "leaflet", "cost")),
        )
        return [FieldGroup(title, [self[name] for name in names]) for title, names in of]

    def used(self) -> dict[str, list[str]]:
        """Marks that links of the organisation have already, as suggestions."""
        own = TrackedLink.objects.filter(organisation=self.organisation).order_by()
        return {
            name: list(own.exclude(**{name: ""}).values_list(name, flat=True).distinct()[:_MOST_SUGGESTED])
            for name in MARKS
        }

    def clean_target(self) -> str:
        """An address that the organisation allows."""
        try:
            return checked_target(self.cleaned_data["target"], rules_of(self.organisation.pk))
        except TargetError as error:
            raise forms.ValidationError(error_text(error)) from error

    def clean_code(self) -> str:
        """A code that no other link has."""
        code = self.cleaned_data["code"].strip().lower()
        if code and CODE.fullmatch(code) is None:
            raise forms.ValidationError(
                say(
                    "Write 3 to 40 Latin letters, digits and hyphens.",
                    "Напишите от\u00a03 до\u00a040 латинских букв, цифр и\u00a0дефисов.",
                )
            )
        if code and TrackedLink.objects.filter(code=code).exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(say("This code is taken.", "Этот код уже занят."))
        return code

    def clean_cost(self) -> Any:
        """Money, not below nought."""
        cost = self.cleaned_data["cost"]
        if cost is not None and cost < 0:
            raise forms.ValidationError(say("A cost is not below 0.", "Стоимость не\u00a0бывает меньше\u00a00."))
        return cost

    def clean_promo_code(self) -> str:
        """A promo code that no other link in use has: its orders would be counted twice."""
        code = self.cleaned_data["promo_code"].strip()
        others = TrackedLink.objects.filter(organisation=self.organisation, promo_code__iexact=code, archived_at=None)
        if code and self.instance.archived_at is None and others.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(
                say("Another link has this promo code.", "Этот промокод уже есть у\u00a0другой ссылки.")
            )
        return code

    @property
    def link_fields(self) -> dict[str, Any]:
        """What was checked, for a link."""
        return {name: value for name, value in self.cleaned_data.items() if name != "token"}

    def _post_clean(self) -> None:
        """Leave the model alone: what is unique was looked up, and what is saved is saved by `making`."""


class HostForm(forms.Form):
    """A host that links may lead to."""

    host = forms.CharField(
        label=said_later("Host", "Домен"),
        max_length=253,
        help_text=said_later(
            "Such as shop.example; other letters are written as punycode.",
            "Например shop.example; другие буквы записываются в\u00a0punycode.",
        ),
    )
    subdomains = forms.BooleanField(
        label=said_later("Its subdomains as well", "И\u00a0все его поддомены"), required=False
    )

    def clean_host(self) -> str:
        """The host in its ASCII form."""
        try:
            return ascii_host(self.cleaned_data["host"])
        except TargetError as error:
            raise forms.ValidationError(error_text(error)) from error
