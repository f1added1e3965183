"""Forms by which surveys are built and links given out."""

import re
from datetime import timedelta
from typing import Any, ClassVar, cast
from urllib.parse import urlsplit

from django import forms
from django.utils import timezone

from septima.schema import LANGUAGES, Text
from septima.web.common.language import current_language, said_later, say
from septima.web.surveys.instruments import INSTRUMENTS
from septima.web.surveys.letters import PLACE
from septima.web.surveys.models import Survey
from septima.web.surveys.questions import LONGEST_TEXT, Kind, Question, QuestionError, checked

_LANGUAGE_CHOICES = [("ru", "Русский"), ("en", "English")]
_WORDING = 500
_SITE = re.compile(r"https?://[A-Za-z0-9.-]+(:\d{1,5})?")
KIND_NAMES: dict[str, Text] = {
    "scale": Text("Scale of grades", "Шкала оценок"),
    "single": Text("One of several options", "Один из\u00a0вариантов"),
    "several": Text("Several of the options", "Несколько вариантов"),
    "text": Text("Answer in words", "Ответ словами"),
    "attribute": Text("Attribute of CSI, with its importance", "Свойство CSI и\u00a0его важность"),
}


class StartForm(forms.Form):
    """What a new survey begins with."""

    instrument = forms.ChoiceField(label=said_later("What to ask", "Что спросить"), widget=forms.RadioSelect)
    name = forms.CharField(
        label=said_later("Name", "Название"),
        max_length=200,
        help_text=said_later("Respondents do not see it.", "Респонденты его не\u00a0видят."),
    )
    languages = forms.MultipleChoiceField(
        label=said_later("Languages", "Языки"),
        choices=_LANGUAGE_CHOICES,
        widget=forms.CheckboxSelectMultiple,
        initial=list(LANGUAGES),
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        language = current_language()
        choice = cast("forms.ChoiceField", self.fields["instrument"])
        choice.choices = [(key, one.name.in_language(language)) for key, one in INSTRUMENTS.items()]
        choice.initial = "nps"


class SurveyForm(forms.ModelForm):
    """A survey's words and bounds."""

    languages = forms.MultipleChoiceField(
        label=said_later("Languages", "Языки"), choices=_LANGUAGE_CHOICES, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        """Its own fields."""

        model = Survey
        fields = (
            "name",
            "languages",
            "title_ru",
            "title_en",
            "consent_ru",
            "consent_en",
            "thanks_ru",
            "thanks_en",
            "department",
            "opens_at",
            "closes_at",
        )
        widgets: ClassVar = {
            name: forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
            for name in ("opens_at", "closes_at")
        } | {name: forms.Textarea(attrs={"rows": 3}) for name in ("consent_ru", "consent_en", "thanks_ru", "thanks_en")}

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.fields["department"].help_text = say(
            "Answers are filed under it where a link names no other.",
            "К\u00a0нему относят ответы, если в\u00a0ссылке не\u00a0указано другое.",
        )
        for name in ("opens_at", "closes_at"):
            self.fields[name].help_text = say("In UTC.", "По\u00a0времени UTC.")

    def clean(self) -> dict[str, Any]:
        """The end comes after the beginning."""
        given = super().clean() or {}
        opens, closes = given.get("opens_at"), given.get("closes_at")
        if opens and closes and closes <= opens:
            self.add_error("closes_at", say("It must close after it opens.", "Закрытие должно быть позже открытия."))
        for language in given.get("languages", ()) if self.instance.state == "open" else ():
            try:
                for question in self.instance.asked:
                    checked(question, [language])
            except QuestionError:
                self.add_error(
                    "languages",
                    say(
                        "The survey is open, and not all of its questions have words in this language.",
                        "Опрос открыт, а\u00a0на\u00a0этом языке написаны не\u00a0все вопросы.",
                    ),
                )
        return given


class SitesForm(forms.Form):
    """Which sites may frame the survey."""

    sites = forms.CharField(
        label=said_later("Sites that may show it", "Сайты, которым можно показывать опрос"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "https://shop.example"}),
        help_text=said_later(
            "One address a line, such as https://shop.example. Where none is named, no site can.",
            "По\u00a0одному адресу в\u00a0строке, например https://shop.example. Если список пуст, опрос не\u00a0встроить никуда.",
        ),
    )

    def clean_sites(self) -> str:
        """Origins only: anything else in a security policy would let in more than was meant."""
        origins = list[str]()
        for line in self.cleaned_data["sites"].split():
            origin = _origin(line)
            if not _SITE.fullmatch(origin):
                raise forms.ValidationError(
                    say(
                        f"“{line[:60]}” is no address of a site; write it as https://shop.example.",
                        f"«{line[:60]}»\u00a0— не\u00a0адрес сайта; напишите его в\u00a0виде https://shop.example.",
                    )
                )
            origins.append(origin)
        return "\n".join(dict.fromkeys(origins))


class QuestionForm(forms.Form):
    """A question in both languages. The fields that its kind does not have are left out."""

    text_ru = forms.CharField(
        label=said_later("Question in Russian", "Вопрос по-русски"),
        required=False,
        max_length=_WORDING,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    text_en = forms.CharField(
        label=said_later("Question in English", "Вопрос по-английски"),
        required=False,
        max_length=_WORDING,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    options_ru = forms.CharField(
        label=said_later("Options in Russian, one a line", "Варианты по-русски, по\u00a0одному в\u00a0строке"),
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    options_en = forms.CharField(
        label=said_later("Options in English, one a line", "Варианты по-английски, по\u00a0одному в\u00a0строке"),
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    lowest = forms.IntegerField(label=said_later("Lowest grade", "Низшая оценка"), min_value=0, max_value=9, initial=1)
    highest = forms.IntegerField(
        label=said_later("Highest grade", "Высшая оценка"), min_value=1, max_value=10, initial=5
    )
    low_ru = forms.CharField(
        label=said_later("Words at the low end, Russian", "Подпись слева, по-русски"), required=False, max_length=100
    )
    high_ru = forms.CharField(
        label=said_later("Words at the high end, Russian", "Подпись справа, по-русски"), required=False, max_length=100
    )
    low_en = forms.CharField(
        label=said_later("Words at the low end, English", "Подпись слева, по-английски"), required=False, max_length=100
    )
    high_en = forms.CharField(
        label=said_later("Words at the high end, English", "Подпись справа, по-английски"),
        required=False,
        max_length=100,
    )
    required = forms.BooleanField(
        label=said_later("An answer is required", "Ответ обязателен"), required=False, initial=False
    )

    def __init__(self, survey: Survey, kind: str, question: Question | None, *arguments: Any, **named: Any) -> None:
        named.setdefault("initial", _initial(question))
        super().__init__(*arguments, **named)
        self.survey, self.kind, self.question = survey, kind, question
        fixed = question is not None and (not question.is_own or not survey_is_free(survey))
        left_out = {
            "scale": ["options_ru", "options_en"],
            "text": ["options_ru", "options_en", "lowest", "highest", "low_ru", "high_ru", "low_en", "high_en"],
            "attribute": ["options_ru", "options_en", "lowest", "highest", "low_ru", "high_ru", "low_en", "high_en", "required"],
        }.get(kind, ["lowest", "highest", "low_ru", "high_ru", "low_en", "high_en"])  # fmt: skip
        if question is not None and question.kind == "scale" and question.options:
            left_out = ["lowest", "highest", "low_ru", "high_ru", "low_en", "high_en"]
        for other in LANGUAGES:
            if other not in survey.spoken:
                left_out += [name for name in self.fields if name.endswith(f"_{other}")]
        if fixed:
            left_out += ["lowest", "highest"] + ([] if survey_is_free(survey) else ["required"])
        for name in dict.fromkeys(left_out):
            self.fields.pop(name, None)
        for name in ("text_ru", "text_en"):
            if name in self.fields:
                self.fields[name].required = True

    def clean(self) -> dict[str, Any]:
        """As many options in one language as in the other."""
        given = super().clean() or {}
        lists = [_lines(given[name]) for name in ("options_ru", "options_en") if name in given]
        if len({len(options) for options in lists}) > 1:
            self.add_error(
                None,
                say("Write as many options in both languages.", "Вариантов должно быть поровну на\u00a0обоих языках."),
            )
        if self.question is not None and lists and len(lists[0]) != len(self.question.options):
            frozen = not survey_is_free(self.survey) or not self.question.is_own
            if frozen:
                self.add_error(
                    None,
                    say(
                        f"Keep the {len(self.question.options)} options: only their words may change.",
                        f"Вариантов должно остаться {len(self.question.options)}: менять можно только слова.",
                    ),
                )
        return given

    def made(self, key: str) -> Question:
        """The question as filled in."""
        given, old = self.cleaned_data, self.question
        pairs = zip_longest_text(_lines(given.get("options_en", "")), _lines(given.get("options_ru", "")))

        def pair(name: str) -> Text:
            kept = getattr(old, name) if old else Text("", "")
            return Text(given.get(f"{name}_en", kept.en), given.get(f"{name}_ru", kept.ru))

        has_options = "options_ru" in self.fields or "options_en" in self.fields
        return Question(
            key=key,
            kind=old.kind if old else cast("Kind", self.kind),
            text=pair("text"),
            instrument=old.instrument if old else "free",
            question=old.question if old else key,
            required=given["required"] if "required" in self.fields else bool(old and old.required),
            lowest=given["lowest"] if "lowest" in self.fields else (old.lowest if old else 1),
            highest=given["highest"] if "highest" in self.fields else (old.highest if old else 5),
            low=pair("low"),
            high=pair("high"),
            options=pairs if has_options else (old.options if old else ()),
        )


class IssueForm(forms.Form):
    """To whom personal links are given, by what rules, and how they go out."""

    token = forms.CharField(widget=forms.HiddenInput, max_length=40)
    file = forms.FileField(
        label=said_later("List of customers, CSV", "Список клиентов, CSV"),
        required=False,
        help_text=said_later(
            "A column customer_id; department and touch_id where answers speak of one.",
            "Столбец customer_id; по\u00a0желанию department и\u00a0touch_id, о\u00a0которых будет ответ.",
        ),
    )
    segments = forms.MultipleChoiceField(
        label=said_later(
            "Or these segments (all where none is ticked)", "Или сегменты (все, если ничего не\u00a0отмечено)"
        ),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    ordered_within = forms.IntegerField(
        label=said_later("Only who ordered within … days", "Только покупавшие за\u00a0последние … дней"),
        required=False,
        min_value=1,
        max_value=3650,
    )
    most = forms.IntegerField(
        label=said_later("No more customers than", "Клиентов не\u00a0больше, чем"),
        min_value=1,
        max_value=20_000,
        initial=500,
    )
    touches = forms.IntegerField(
        label=said_later(
            "Spare those with more contacts than", "Не\u00a0беспокоить тех, у\u00a0кого контактов больше, чем"
        ),
        min_value=0,
        max_value=1000,
    )
    days = forms.IntegerField(
        label=said_later("Counted over the last … days", "Считать за\u00a0последние … дней"), min_value=1, max_value=365
    )
    consent = forms.ChoiceField(
        label=said_later("Consent", "Согласие"),
        choices=[
            ("given", said_later("Only those who agreed to messages", "Только давшие согласие на\u00a0сообщения")),
            ("not_refused", said_later("All but those who refused", "Все, кроме отказавшихся")),
            ("any", said_later("Everybody: these are no advertising messages", "Все: это не\u00a0рекламные сообщения")),
        ],
        initial="not_refused",
    )
    expires_in = forms.IntegerField(
        label=said_later("The links work for … days", "Ссылки действуют … дней"), min_value=1, max_value=730, initial=30
    )
    channel = forms.ChoiceField(
        label=said_later("How the links go out", "Как отправить ссылки"),
        choices=[
            ("file", said_later("As a file, for your own mailing system", "Файлом для вашей системы рассылок")),
            ("email", said_later("As letters from this site", "Письмами с\u00a0этого сайта")),
        ],
        initial="file",
    )
    subject = forms.CharField(label=said_later("Subject of the letter", "Тема письма"), required=False, max_length=200)
    text = forms.CharField(
        label=said_later("Letter", "Письмо"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=said_later("{link} stands for the personal link.", "Вместо {link} встанет личная ссылка."),
    )
    remind_after_days = forms.IntegerField(
        label=said_later("Remind who has not answered after … days", "Напомнить не\u00a0ответившим через … дней"),
        required=False,
        min_value=1,
        max_value=60,
    )

    def clean(self) -> dict[str, Any]:
        """A letter needs a subject, a text and a place for the link."""
        given = super().clean() or {}
        if given.get("channel") == "email":
            if not given.get("subject"):
                self.add_error("subject", say("A letter needs a subject.", "Письму нужна тема."))
            if PLACE not in given.get("text", ""):
                self.add_error(
                    "text", say("Write {link} where the link goes.", "Напишите {link} там, где будет ссылка.")
                )
        return given

    @property
    def expires_at(self) -> Any:
        """When the links end."""
        return timezone.now() + timedelta(days=self.cleaned_data["expires_in"])


class FileForm(forms.Form):
    """A file to import."""

    file = forms.FileField(label=said_later("File of answers, CSV", "Файл ответов, CSV"))


def survey_is_free(survey: Survey) -> bool:
    """Whether questions may still be changed: it is not open, and nobody has begun to answer."""
    return survey.state != "open" and not survey.response_set.exists()  # pyright: ignore[reportAttributeAccessIssue] # Django adds it


def zip_longest_text(english: list[str], russian: list[str]) -> tuple[Text, ...]:
    """Options in both languages; where one language is not asked in, its words are empty."""
    size = max(len(english), len(russian))
    return tuple(
        Text(english[place] if place < len(english) else "", russian[place] if place < len(russian) else "")
        for place in range(size)
    )


def _origin(address: str) -> str:
    """The origin of an address; empty where it is none."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def _initial(question: Question | None) -> dict[str, Any]:
    if question is None:
        return {}
    texts = {"text": question.text, "low": question.low, "high": question.high}
    return {
        **{f"{name}_{language}": text.in_language(language) for name, text in texts.items() for language in LANGUAGES},
        **{
            f"options_{language}": "\n".join(one.in_language(language) for one in question.options)
            for language in LANGUAGES
        },
        "required": question.required,
        "lowest": question.lowest,
        "highest": question.highest,
    }


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
