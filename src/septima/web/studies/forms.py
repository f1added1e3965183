"""What each model can be asked: forms whose cleaned values are a run's options."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import QueryDict

from septima.metrics.attribution_sums import COLUMNS
from septima.metrics.definition import CUSTOMER_DIMENSIONS
from septima.metrics.experiment_design import CONTROL_SHARE
from septima.models.attribution.words import METHODS, NAMES
from septima.models.incrementality import POWER
from septima.scorecard.dimensions import dimension_name
from septima.web.common.language import said_later

_ANY = ("", said_later("no slices", "без среза"))
_DIMENSIONS = [(name, said_later(dimension_name(name).en, dimension_name(name).ru)) for name in CUSTOMER_DIMENSIONS]


def _percent(
    en: str, ru: str, initial: float | None, *, required: bool = True, least: float = 0.1, most: float = 99
) -> forms.FloatField:
    return forms.FloatField(
        label=said_later(en, ru), initial=initial, required=required, min_value=least, max_value=most
    )


class OptionsForm(forms.Form):
    """A form that is filled by an address, and by its initial values where the address names none of its fields."""

    @classmethod
    def of(cls, query: QueryDict) -> "OptionsForm":
        """The form with what the address says, or as it usually is."""
        if any(name in query for name in cls.base_fields):
            return cls(query)
        return cls({name: field.initial for name, field in cls.base_fields.items() if field.initial is not None})

    def options(self) -> dict[str, Any]:
        """The cleaned values as JSON holds them."""
        cleaned: Mapping[str, Any] = self.cleaned_data
        return {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in cleaned.items()}


class LifetimeForm(OptionsForm):
    """Lifetime value: over which time, at which discount and margin, and for whom."""

    horizon = forms.TypedChoiceField(
        label=said_later("Over the next", "На\u00a0срок"),
        coerce=int,
        initial=365,
        choices=[
            (90, said_later("90 days", "90\u00a0дней")),
            (182, said_later("half a year", "полгода")),
            (365, said_later("a year", "год")),
            (730, said_later("two years", "два года")),
            (1826, said_later("five years", "пять лет")),
        ],
    )
    discount = _percent("Discount a year, %", "Ставка дисконта, % в\u00a0год", 10, least=0, most=100)
    margin = _percent(
        "Margin, % (measured if empty)", "Маржа, % (если пусто\u00a0— измеряется)", None, required=False, most=100
    )
    by = forms.ChoiceField(label=said_later("Slice by", "Срез"), choices=[_ANY, *_DIMENSIONS], required=False)
    business = forms.ChoiceField(
        label=said_later("Business", "Вид бизнеса"),
        initial="auto",
        choices=[
            ("auto", said_later("as the data look", "как видно по\u00a0данным")),
            ("contractual", said_later("by contract", "по\u00a0договорам")),
            ("non_contractual", said_later("without contract", "без договоров")),
        ],
    )


class AttributionForm(OptionsForm):
    """Attribution: to what, by which methods, within which window."""

    by = forms.ChoiceField(
        label=said_later("Credit to", "Кому заслуга"),
        initial="channel",
        choices=[
            (name, said_later(dimension_name(column).en, dimension_name(column).ru)) for name, column in COLUMNS.items()
        ],
    )
    window = forms.IntegerField(
        label=said_later("Days before the purchase", "Дней до\u00a0покупки"), initial=30, min_value=1, max_value=365
    )
    value = forms.ChoiceField(
        label=said_later("Shared out", "Что делится"),
        initial="revenue",
        choices=[("revenue", said_later("revenue", "выручка")), ("conversions", said_later("purchases", "покупки"))],
    )
    start = forms.DateField(
        label=said_later("Purchases from", "Покупки с"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    end = forms.DateField(
        label=said_later("Purchases to", "Покупки по"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    methods = forms.MultipleChoiceField(
        label=said_later("Methods", "Методы"),
        initial=list(METHODS),
        choices=[(method, said_later(NAMES[method].en, NAMES[method].ru)) for method in METHODS],
        widget=forms.CheckboxSelectMultiple,
    )


class LoyaltyForm(OptionsForm):
    """The economics of loyalty: who is loyal, and what is supposed."""

    rule = forms.ChoiceField(
        label=said_later("Who is loyal", "Кто лоялен"),
        initial="nps",
        choices=[
            ("nps", said_later("by NPS", "по\u00a0NPS")),
            ("cli", said_later("by the loyalty index C11", "по\u00a0индексу лояльности C11")),
            ("repeat", said_later("by repeated orders", "по\u00a0повторным заказам")),
        ],
    )
    days = forms.IntegerField(
        label=said_later("Days that are looked at", "За сколько дней смотреть"),
        initial=180,
        min_value=1,
        max_value=1826,
    )
    loyalty_change = _percent("Loyalty grows by, %", "Лояльность растёт на, %", 2, most=100)
    retention_factor = _percent("Retention grows by, %", "Удержание растёт на, %", 5, most=100)
    discount = _percent("Discount a year, %", "Ставка дисконта, % в\u00a0год", 10, least=0, most=100)


class PlanForm(OptionsForm):
    """The plan of an experiment: which effect is looked for, and among whom."""

    effect = _percent("Effect to be found, %", "Искомый эффект, %", 5, most=500)
    control = _percent("Control group, %", "Контрольная группа, %", round(100 * CONTROL_SHARE))
    arms = forms.IntegerField(
        label=said_later("Treated groups", "Групп с\u00a0воздействием"), initial=1, min_value=1, max_value=10
    )
    power = _percent("Chance to find it, %", "Вероятность его найти, %", round(100 * POWER), least=50, most=99.9)
    before_days = forms.IntegerField(
        label=said_later("Days before, to even out customers", "Дней «до», чтобы выровнять клиентов"),
        initial=90,
        min_value=0,
        max_value=730,
    )
    segments = forms.CharField(label=said_later("Only segments", "Только сегменты"), required=False, max_length=500)
    consent = forms.BooleanField(
        label=said_later("Only who agreed to promotion", "Только согласившиеся на\u00a0рекламу"), required=False
    )


class ExperimentForm(OptionsForm):
    """What an experiment brought: the days that count, and how several comparisons are corrected for."""

    days = forms.IntegerField(label=said_later("Days after", "Дней после"), initial=30, min_value=1, max_value=730)
    before_days = forms.IntegerField(label=said_later("Days before", "Дней до"), initial=90, min_value=0, max_value=730)
    correction = forms.ChoiceField(
        label=said_later("Several comparisons", "Несколько сравнений"),
        initial="holm",
        choices=[
            ("holm", said_later("Holm", "Холм")),
            ("benjamini_hochberg", said_later("Benjamini–Hochberg", "Бенджамини\u00a0— Хохберг")),
        ],
    )


class AssignmentForm(forms.Form):
    """An experiment’s arms, and who is put into them."""

    experiment = forms.RegexField(
        r"^[\w.-]{1,80}$",
        label=said_later("Name of the experiment", "Название эксперимента"),
        error_messages={
            "invalid": said_later(
                "Only letters, digits, dot, dash and underscore go, without blanks.",
                "Подходят только буквы, цифры, точка, дефис и подчёркивание, без пробелов.",
            )
        },
        help_text=said_later(
            "Letters, digits, dot, dash and underscore: spring-letters.",
            "Буквы, цифры, точка, дефис и\u00a0подчёркивание: spring-letters.",
        ),
    )
    control = _percent("Control group, %", "Контрольная группа, %", round(100 * CONTROL_SHARE))
    arms = forms.CharField(
        label=said_later("Treated groups", "Группы с\u00a0воздействием"),
        initial="treated",
        max_length=300,
        help_text=said_later(
            "Names divided by commas; they share the rest evenly.", "Названия через запятую; остаток делится поровну."
        ),
    )
    by = forms.MultipleChoiceField(
        label=said_later("Keep the shares within each", "Выдержать доли внутри"),
        choices=_DIMENSIONS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    segments = forms.CharField(
        label=said_later("Only segments", "Только сегменты"),
        required=False,
        max_length=500,
        help_text=said_later("Divided by commas; empty means everyone.", "Через запятую; если пусто\u00a0— все."),
    )
    consent = forms.BooleanField(
        label=said_later("Only who agreed to promotion", "Только согласившиеся на\u00a0рекламу"), required=False
    )


def listed(text: str) -> tuple[str, ...]:
    """Names that a person divided by commas, each once."""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
