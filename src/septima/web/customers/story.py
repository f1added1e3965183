"""One person's story, told from the rows of the lake: who it is, figures, loyalty, open promises, and all that happened."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from septima.metrics.definition import Parameters
from septima.metrics.sources import UNSOLD
from septima.report.number_forms import UNDEFINED_SIGN, NumberStyle, plain
from septima.scorecard.card import State
from septima.web.common.language import current_language, say
from septima.web.customers import words
from septima.web.customers.reading import PersonRows, Row
from septima.web.customers.words import called

NPS_CUTS = {"nps": (8.0, 4.0), "nps_classic": (9.0, 7.0)}
"""From which grade on people promote and from which they are passive, unless the settings of the metric say otherwise."""


@dataclass(frozen=True)
class Contact:
    """A way to reach the person, or another name of theirs: what it is, and the value."""

    kind: str
    value: str


@dataclass(frozen=True)
class Head:
    """Who it is. `records` are the ids under which the sources know the person, the master's first."""

    name: str
    segment: str
    region: str
    channel: str
    since: datetime | None
    birth_date: date | None
    consent: bool | None
    contacts: tuple[Contact, ...]
    records: tuple[str, ...]


@dataclass(frozen=True)
class Figures:
    """What the person has brought; money as it is written, in the currency of the orders."""

    orders: int
    unsold: int
    revenue: str
    margin: str
    average: str
    first: datetime | None
    last: datetime | None


@dataclass(frozen=True)
class Grade:
    """The last answer to an instrument: what it says in short, and question by question."""

    instrument: str
    at: datetime
    value: str
    state: State
    said: str = ""
    parts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Promise:
    """Something the company owes the person; `due` None where no day was named."""

    text: str
    due: datetime | None
    overdue: bool
    department: str


@dataclass(frozen=True)
class Event:
    """Something that happened; `kind` is a key of `words.EVENTS`, `department` the id that the data give it."""

    at: datetime
    kind: str
    title: str
    details: tuple[str, ...] = ()
    quote: str = ""
    items: tuple[str, ...] = ()
    state: State | None = None
    department: str = ""
    employee: str = ""


@dataclass(frozen=True)
class Server:
    """An employee who served the person: how often, and when last."""

    name: str
    role: str
    department: str
    times: int
    last: datetime


@dataclass(frozen=True)
class Story:
    """All of it. `events` are newest first; `cut` says which tables held more than the card reads."""

    head: Head
    figures: Figures
    grades: tuple[Grade, ...]
    promises: tuple[Promise, ...]
    events: tuple[Event, ...]
    servers: tuple[Server, ...]
    cut: tuple[str, ...] = ()
    departments: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    prediction: Row | None = field(default=None)


def tell(
    person: PersonRows,
    now: datetime,
    *,
    parameters: Mapping[str, Parameters] | None = None,
    currency: str | None = None,
    directory: Path | None = None,
) -> Story:
    """The story in the language of the request; `now` is UTC without a zone, `parameters` are the settings of metrics."""
    teller = _Teller(person, now, parameters or {}, currency, directory)
    events = teller.events()
    return Story(
        head=teller.head(),
        figures=teller.figures(),
        grades=teller.grades(),
        promises=teller.promises(),
        events=events,
        servers=teller.servers(),
        cut=tuple(sorted(person.cut)),
        departments=tuple(sorted({one.department for one in events if one.department})),
        kinds=tuple(kind for kind in words.EVENTS if any(one.kind == kind for one in events)),
        prediction=person.of("predictions")[0] if person.of("predictions") else None,
    )


def money(value: Decimal | float | None, currency: str | None, *, decimals: int = 0) -> str:
    """An amount to the unit of its currency."""
    if value is None:
        return UNDEFINED_SIGN
    return NumberStyle("currency", current_language(), currency, 1, decimals).value(float(value))


@dataclass(frozen=True)
class _Teller:
    person: PersonRows
    now: datetime
    parameters: Mapping[str, Parameters]
    currency: str | None
    directory: Path | None

    def head(self) -> Head:
        records = self.person.of("customers")
        place = {name: number for number, name in enumerate(self.person.members)}
        ordered = sorted(records, key=lambda row: place.get(row["customer_id"], 0))

        def first(column: str) -> Any:
            return next((row[column] for row in ordered if row[column] is not None), None)

        contacts: dict[tuple[str, str], Contact] = {}
        for kind in ("email", "phone"):
            for row in ordered:
                if row[kind]:
                    contacts[kind, row[kind]] = Contact(called(words.IDENTIFIERS, kind), row[kind])
        for row in reversed(self.person.of("identities")):
            kind = str(row["id_type"]).lower()
            contacts.setdefault((kind, row["id_value"]), Contact(called(words.IDENTIFIERS, kind), row["id_value"]))
        since = [row["created_at"] for row in records if row["created_at"] is not None]
        return Head(
            name=first("name") or say("Customer without a name", "Клиент без имени"),
            segment=called(words.SEGMENTS, first("segment")),
            region=first("region") or "",
            channel=called(words.CHANNELS, first("acquisition_channel")),
            since=min(since, default=None),
            birth_date=first("birth_date"),
            consent=first("consent"),
            contacts=tuple(contacts.values()),
            records=self.person.members,
        )

    def figures(self) -> Figures:
        orders = self.person.of("orders")
        sold = [row for row in orders if row["status"] not in UNSOLD]
        currencies = {row["currency"] for row in sold if row["currency"]}
        moments = sorted(row["ordered_at"] for row in sold)
        revenue = [row["revenue"] for row in sold if row["revenue"] is not None]
        margins = [
            row["revenue"] - row["cost"] for row in sold if row["revenue"] is not None and row["cost"] is not None
        ]
        one = len(currencies) <= 1
        written: Callable[[Any], str] = partial(money, currency=next(iter(currencies), self.currency))
        several = say("in several currencies", "в\u00a0разных валютах")
        return Figures(
            orders=len(sold),
            unsold=len(orders) - len(sold),
            revenue=written(sum(revenue)) if one else several,
            margin=(written(sum(margins)) if margins else UNDEFINED_SIGN) if one else several,
            average=(written(sum(revenue) / len(revenue)) if revenue else UNDEFINED_SIGN) if one else several,
            first=moments[0] if moments else None,
            last=moments[-1] if moments else None,
        )

    def grades(self) -> tuple[Grade, ...]:
        found: list[Grade] = []
        newest: dict[str, list[Row]] = {}
        for rows in self._responses():
            newest.setdefault(str(rows[0]["instrument"]), rows)
        for instrument in ("nps", "nps_classic", "csi", "c11", "rapid", "feelings"):
            if instrument in newest:
                rows = newest[instrument]
                value, state = self._summary(rows)
                found.append(
                    Grade(
                        called(words.INSTRUMENTS, instrument),
                        rows[0]["at"],
                        value,
                        state,
                        _why(rows),
                        _question_by_question(rows),
                    )
                )
        return tuple(found)

    def promises(self) -> tuple[Promise, ...]:
        found: list[Promise] = []
        for row in self.person.of("deliveries"):
            if row["delivered_at"] is None and row["status"] not in {"delivered", "cancelled", "failed"}:
                text = say("Deliver order {order}", "Доставить заказ {order}").format(order=row["order_id"])
                found.append(self._promise(text, row["promised_at"], "delivery"))
        for row in self.person.of("complaints"):
            if row["closed_at"] is None:
                text = say("Settle the complaint: {category}", "Урегулировать жалобу: {category}")
                category = row["category"] or say("without a category", "без категории")
                found.append(self._promise(text.format(category=category), None, row["department"], row["opened_at"]))
        for row in self.person.of("process_steps"):
            if row["done_at"] is None:
                step, process = called(words.PROCESSES, row["step"]), called(words.PROCESSES, row["process"])
                found.append(self._promise(f"{process}: {step}", row["due_at"], row["department"]))
        for row in self.person.of("deals"):
            if row["outcome"] == "open" or (row["outcome"] is None and row["closed_at"] is None):
                amount = money(row["amount"], row["currency"] or self.currency)
                text = say("Open deal, {amount}", "Открытая сделка, {amount}")
                found.append(self._promise(text.format(amount=amount), None, "", row["opened_at"]))
        for table in ("touches", "calls"):
            for row in self.person.of(table):
                if row["at"] > self.now:
                    title = called(words.TOUCHES, row.get("kind", "call"))
                    found.append(self._promise(title, row["at"], row["department"]))
        return tuple(sorted(found, key=lambda one: (one.due is None, one.due or self.now)))

    def _promise(
        self, text: str, due: datetime | None, department: str | None, since: datetime | None = None
    ) -> Promise:
        if since is not None:
            days = (self.now - since).days
            text += say(" · open for {days} d", " · открыта {days}\u00a0дн.").format(
                days=plain(days, 0, current_language())
            )
        return Promise(text, due, due is not None and due < self.now, self._department(department))

    def servers(self) -> tuple[Server, ...]:
        served: defaultdict[str, list[datetime]] = defaultdict(list)
        for table, moment in (("touches", "at"), ("calls", "at"), ("orders", "ordered_at"), ("deals", "opened_at")):
            for row in self.person.of(table):
                if row["employee_id"] and row[moment] is not None:
                    served[row["employee_id"]].append(row[moment])
        employees = {row["employee_id"]: row for row in self.person.of("employees")}
        found = [
            Server(
                employees.get(one, {}).get("name") or one,
                employees.get(one, {}).get("role") or "",
                self._department(employees.get(one, {}).get("department")),
                len(moments),
                max(moments),
            )
            for one, moments in served.items()
        ]
        return tuple(sorted(found, key=lambda one: (one.last, one.name), reverse=True))

    def events(self) -> tuple[Event, ...]:
        made = (
            *self._orders(),
            *self._touches(),
            *self._calls(),
            *self._complaints(),
            *self._deliveries(),
            *self._deals(),
            *self._answers(),
            *self._steps(),
            *self._openings(),
        )
        return tuple(sorted(made, key=lambda one: one.at, reverse=True))

    def _orders(self) -> list[Event]:
        products = {row["product_id"]: row["name"] or row["product_id"] for row in self.person.of("products")}
        lines: defaultdict[str, list[str]] = defaultdict(list)
        for row in reversed(self.person.of("order_items")):
            name = products.get(row["product_id"], row["product_id"] or say("a product", "товар"))
            quantity = row["quantity"]
            times = (
                f" × {plain(float(quantity), 0 if quantity == int(quantity) else 2, current_language())}"
                if quantity
                else ""
            )
            price = f" · {money(row['price'], self.currency)}" if row["price"] is not None else ""
            lines[row["order_id"]].append(f"{name}{times}{price}")
        found: list[Event] = []
        for row in self.person.of("orders"):
            title = say("Order {order} for {amount}", "Заказ {order} на\u00a0{amount}").format(
                order=row["order_id"], amount=money(row["revenue"], row["currency"] or self.currency)
            )
            details = [called(words.CHANNELS, row["channel"]), called(words.ORDER_STATES, row["status"])]
            if row["discount"]:
                discount = money(row["discount"], row["currency"] or self.currency)
                details.append(say("discount {amount}", "скидка {amount}").format(amount=discount))
            details.append(self._campaign(row["campaign_id"]))
            state: State | None = "bad" if row["status"] in UNSOLD else None
            employee = self._employee(row["employee_id"])
            found.append(
                Event(
                    row["ordered_at"],
                    "order",
                    title,
                    _said(details),
                    items=tuple(lines[row["order_id"]]),
                    state=state,
                    employee=employee,
                )
            )
        return found

    def _touches(self) -> list[Event]:
        found: list[Event] = []
        for row in self.person.of("touches"):
            who = {
                "in": say("from the customer", "от\u00a0клиента"),
                "out": say("from the company", "от\u00a0компании"),
            }
            details = [called(words.CHANNELS, row["channel"]), who.get(row["direction"], "")]
            details += [self._campaign(row["campaign_id"]), row["topic"] or ""]
            state: State | None = "bad" if row["kind"] in {"bounced", "unsubscribed", "complained"} else None
            title = called(words.TOUCHES, row["kind"])
            found.append(self._event(row, "touch", title, _said(details), state=state))
        return found

    def _calls(self) -> list[Event]:
        found: list[Event] = []
        for row in self.person.of("calls"):
            details: list[str] = []
            for column, en, ru in (
                ("waited_s", "waited {time}", "ожидание {time}"),
                ("talked_s", "talked {time}", "разговор {time}"),
            ):
                if row[column] is not None:
                    details.append(say(en, ru).format(time=_minutes(row[column])))
            state: State | None = None
            if row["answered"] is False:
                title, state = say("Call that nobody answered", "Звонок без ответа"), "bad"
            else:
                title = say("Call", "Звонок")
                if row["resolved"] is not None:
                    settled = say("question settled", "вопрос решён")
                    details.append(settled if row["resolved"] else say("question left open", "вопрос не\u00a0решён"))
                    state = "good" if row["resolved"] else "watch"
            found.append(self._event(row, "call", title, _said(details), state=state))
        return found

    def _complaints(self) -> list[Event]:
        found: list[Event] = []
        for row in self.person.of("complaints"):
            title = say("Complaint: {category}", "Жалоба: {category}").format(
                category=row["category"] or say("without a category", "без категории")
            )
            details = [called(words.CHANNELS, row["channel"])]
            if row["severity"]:
                severity = called(words.SEVERITIES, row["severity"])
                details.append(say("severity: {severity}", "серьёзность: {severity}").format(severity=severity))
            if row["order_id"]:
                details.append(say("order {order}", "заказ {order}").format(order=row["order_id"]))
            state: State = "good"
            if row["closed_at"] is None:
                details.append(say("open", "не\u00a0закрыта"))
                state = "bad"
            else:
                spent = _long(row["closed_at"] - row["opened_at"])
                details.append(say("settled in {time}", "урегулирована за\u00a0{time}").format(time=spent))
            if row["reopened"]:
                details.append(say("opened again", "открыта повторно"))
                state = "bad" if row["closed_at"] is None else "watch"
            found.append(self._event(row, "complaint", title, _said(details), state=state, moment="opened_at"))
        return found

    def _deliveries(self) -> list[Event]:
        found: list[Event] = []
        for row in self.person.of("deliveries"):
            at = row["delivered_at"] or row["promised_at"]
            if at is None:
                continue
            title = say("Delivery of order {order}", "Доставка заказа {order}").format(order=row["order_id"] or "—")
            details = [called(words.DELIVERY_STATES, row["status"]), row["carrier"] or ""]
            state: State | None = None
            if row["delivered_at"] and row["promised_at"]:
                late = row["delivered_at"] > row["promised_at"]
                state = "bad" if late else "good"
                by = _long(abs(row["delivered_at"] - row["promised_at"]))
                details.append(
                    say("late by {time}", "опоздание {time}").format(time=by) if late else say("on time", "в\u00a0срок")
                )
            for column, en, ru in (
                ("in_full", "not in full", "не\u00a0полностью"),
                ("intact", "damaged", "с\u00a0повреждениями"),
            ):
                if row[column] is False:
                    details.append(say(en, ru))
                    state = "bad"
            found.append(Event(at, "delivery", title, _said(details), state=state))
        return found

    def _deals(self) -> list[Event]:
        found: list[Event] = []
        for row in self.person.of("deals"):
            at = row["opened_at"] or row["closed_at"]
            if at is None:
                continue
            title = say("Deal for {amount}", "Сделка на\u00a0{amount}").format(
                amount=money(row["amount"], row["currency"] or self.currency)
            )
            stages = [one for one in self.person.of("deal_stages") if one["deal_id"] == row["deal_id"]]
            items = tuple(f"{one['stage']} · {one['entered_at']:%Y-%m-%d}" for one in reversed(stages))
            states: dict[str, State] = {"won": "good", "lost": "bad"}
            details = [called(words.OUTCOMES, row["outcome"]), called(words.CHANNELS, row["channel"])]
            employee = self._employee(row["employee_id"])
            found.append(
                Event(
                    at,
                    "deal",
                    title,
                    _said(details),
                    items=items,
                    state=states.get(row["outcome"]),
                    employee=employee,
                )
            )
        return found

    def _answers(self) -> list[Event]:
        found: list[Event] = []
        for rows in self._responses():
            value, state = self._summary(rows)
            instrument = called(words.INSTRUMENTS, rows[0]["instrument"])
            title = f"{instrument}: {value}" if value else instrument
            details = [called(words.CHANNELS, rows[0]["channel"]), rows[0]["survey_id"] or ""]
            shown = None if state == "unknown" else state
            parts = tuple(f"{name}: {grade}" for name, grade in _question_by_question(rows))
            found.append(
                Event(
                    rows[0]["at"],
                    "answer",
                    title,
                    _said(details),
                    _why(rows),
                    parts if len(parts) > 1 else (),
                    shown,
                    rows[0]["department"] or "",
                )
            )
        return found

    def _steps(self) -> list[Event]:
        found: list[Event] = []
        for row in self.person.of("process_steps"):
            at = row["done_at"] or row["due_at"]
            if at is None:
                continue
            title = f"{called(words.PROCESSES, row['process'])}: {called(words.PROCESSES, row['step'])}"
            if row["done_at"] is None:
                details, state = (say("not done yet", "ещё не\u00a0выполнен"),), "watch"
            elif row["due_at"] and row["done_at"] > row["due_at"]:
                by = _long(row["done_at"] - row["due_at"])
                details, state = (say("late by {time}", "опоздание {time}").format(time=by),), "bad"
            else:
                details, state = (say("done on time", "выполнен в\u00a0срок"),), "good"
            found.append(Event(at, "step", title, details, state=state, department=row["department"] or ""))
        return found

    def _openings(self) -> list[Event]:
        title = say("Card opened", "Карточку открыли")
        return [
            Event(row["at"], "opening", title, employee=self._employee(row["employee_id"]))
            for row in self.person.of("accesses")
        ]

    def _responses(self) -> list[list[Row]]:
        """Questionnaires as one person filled them in, newest first."""
        grouped: dict[tuple[Any, ...], list[Row]] = {}
        for row in self.person.of("answers"):
            key = (row["instrument"], row["response_id"] or (row["survey_id"], row["at"]))
            grouped.setdefault(key, []).append(row)
        found = [sorted(rows, key=lambda row: str(row["question"])) for rows in grouped.values()]
        return sorted(found, key=lambda rows: rows[0]["at"], reverse=True)

    def _summary(self, rows: Sequence[Row]) -> tuple[str, State]:  # noqa: PLR0911 - one for each instrument
        """What a questionnaire says in short, and whether that is good."""
        instrument, language = str(rows[0]["instrument"]), current_language()
        scores = {str(row["question"]): float(row["score"]) for row in rows if row["score"] is not None}
        if not scores:
            return "", "unknown"
        if instrument in NPS_CUTS and "recommend" in scores:
            promoter, passive = self._cuts(instrument)
            grade = scores["recommend"]
            group = "promoter" if grade >= promoter else "passive" if grade >= passive else "detractor"
            states: dict[str, State] = {"promoter": "good", "passive": "watch", "detractor": "bad"}
            return f"{plain(grade, 0, language)} · {called(words.NPS_GROUPS, group)}", states[group]
        if instrument == "csi":
            grade = scores.get("overall", sum(scores.values()) / len(scores))
            places = 0 if grade == int(grade) else 1
            return f"{plain(grade, places, language)} / 5", "good" if grade >= 4 else "watch" if grade >= 3 else "bad"
        if instrument == "c11":
            index = sum((grade - 1) / 4 for grade in scores.values()) / len(scores)
            return plain(index, 2, language), "good" if index >= 0.75 else "watch" if index >= 0.5 else "bad"
        if instrument == "rapid":
            mean = sum(scores.values()) / len(scores)
            return f"{plain(mean, 1, language)} / 10", "good" if mean >= 7 else "watch" if mean >= 5 else "bad"
        if instrument == "feelings" and "experience" in scores:
            gap = scores["experience"] - scores.get("expectation", scores["experience"])
            return _feeling(scores["experience"]), "good" if gap >= 0 else "bad"
        return plain(sum(scores.values()) / len(scores), 1, language), "unknown"

    def _cuts(self, instrument: str) -> tuple[float, float]:
        given, usual = self.parameters.get(instrument, {}), NPS_CUTS[instrument]
        try:
            return float(given.get("promoter_from", usual[0])), float(given.get("passive_from", usual[1]))
        except (TypeError, ValueError):
            return usual

    def _event(
        self, row: Row, kind: str, title: str, details: tuple[str, ...], *, state: State | None, moment: str = "at"
    ) -> Event:
        employee = self._employee(row.get("employee_id"))
        return Event(
            row[moment], kind, title, details, state=state, department=row["department"] or "", employee=employee
        )

    def _employee(self, employee: Any) -> str:
        if not employee:
            return ""
        if str(employee).startswith("user:"):
            return say("a member who is no employee", "участник, не\u00a0связанный с\u00a0сотрудником")
        name = next((row["name"] for row in self.person.of("employees") if row["employee_id"] == employee), None)
        return name or str(employee)

    def _campaign(self, campaign: Any) -> str:
        name = next((row["name"] for row in self.person.of("campaigns") if row["campaign_id"] == campaign), None)
        return name or campaign or ""

    def _department(self, department: str | None) -> str:
        return words.department_called(self.directory, department) if self.directory else department or ""


def _said(parts: Sequence[str]) -> tuple[str, ...]:
    return tuple(part for part in parts if part)


def _why(rows: Sequence[Row]) -> str:
    return next((str(row["text"]) for row in rows if row["text"]), "")


def _question_by_question(rows: Sequence[Row]) -> tuple[tuple[str, str], ...]:
    language, found = current_language(), list[tuple[str, str]]()
    for row in rows:
        if row["score"] is None:
            continue
        question, score = str(row["question"]), float(row["score"])
        name = called(words.QUESTIONS, question)
        if row["instrument"] == "c11" and question[:1] == "q" and question[1:].isdecimal():
            number = int(question[1:])
            name = words.C11[number - 1].in_language(language) if 1 <= number <= len(words.C11) else question
        told = (
            _feeling(score)
            if row["instrument"] == "feelings"
            else plain(score, 0 if score == int(score) else 1, language)
        )
        found.append((name, told))
    return tuple(found)


def _feeling(score: float) -> str:
    place = min(max(round(score), 1), 5) - 1
    return words.FEELINGS[place].in_language(current_language())


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return say("{n} s", "{n}\u00a0с").format(n=rest)
    return say("{n} min {s} s", "{n}\u00a0мин {s}\u00a0с").format(n=minutes, s=rest)


def _long(span: Any) -> str:
    hours = span.total_seconds() / 3600
    language = current_language()
    if hours < 1:
        return say("{n} min", "{n}\u00a0мин").format(n=round(hours * 60))
    if hours < 48:
        return say("{n} h", "{n}\u00a0ч").format(n=plain(hours, 0, language))
    return say("{n} d", "{n}\u00a0дн.").format(n=plain(hours / 24, 0, language))
