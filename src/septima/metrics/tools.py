"""What becomes of messages: delivered, opened, clicked, refused."""

from collections.abc import Callable
from typing import Literal

import ibis
import ibis.expr.types as ir

from septima.metrics import estimates, roles
from septima.metrics.definition import (
    Cells,
    Estimate,
    Expression,
    Measure,
    Metric,
    Parameters,
    Passport,
    Request,
    Rows,
    Source,
)
from septima.metrics.sources import count_true, days, total
from septima.models import intervals
from septima.models.intervals import divide
from septima.schema import Text

OF_A_MESSAGE = ("campaign_id", "customer_id", "message_id", "channel")
_DIMENSIONS = ("channel", "campaign_id", "chain_id")
_REACTION_DAYS = 30


def told_apart(touches: Rows) -> Expression:
    """Whether it can be told which message to whom a touch is about."""
    return touches["customer_id"].notnull() & (touches["campaign_id"].notnull() | touches["message_id"].notnull())


def _messages(begins: str, reactions: tuple[str, ...]) -> Callable[[Request], ir.Table]:
    """One row per message, at the moment of its `begins`, with whether each of `reactions` followed.

    A message is what a campaign sent to one customer by one channel, or what has its own `message_id`. `usable` ones
    can be told apart and were reported to begin, no more than `reaction_days` after anything else about them; a
    reaction counts until `reaction_days` after that, so what comes later changes nothing. `<reaction>_records` is the
    number of records about the beginning or the reaction that the row stands for, and `<reaction>_left_over` that of
    records about the reaction that could not be used. Cut by `link_id`, the message itself has a row of no link and
    each link of it another. Touches that cannot be told apart stand by themselves, each at its own moment.
    """

    def build(request: Request) -> ir.Table:
        window = ibis.literal(days(request.parameters["reaction_days"]))
        touches = request.rows("touches")
        touches = touches.filter(touches["kind"].isin((begins, *reactions)))
        message = [*OF_A_MESSAGE, *(name for name in request.by if name == "chain_id")]
        if request.start is not None:
            touches = _of_messages_since(touches, message, request.moment(request.start))
        kind, at = touches["kind"], touches["at"]
        by_link = "link_id" in request.by
        alone = told_apart(touches).ifelse(ibis.null(at.type()), at)
        rows: Rows = touches.group_by(*message, *(["link_id"] if by_link else []), alone=alone).aggregate(
            own_at=at.min(where=kind == begins),
            first_at=at.min(),
            **{f"{name}_at": at.min(where=kind == name) for name in reactions},
            begun_touches=touches.count(where=kind == begins),
            **{f"{name}_touches": touches.count(where=kind == name) for name in reactions},
        )
        whole = ibis.window(group_by=[*message, "alone"])
        rows = rows.mutate(
            begun_at=rows["own_at"].min().over(whole) if by_link else rows["own_at"],
            first_at=rows["first_at"].min().over(whole) if by_link else rows["first_at"],
        )
        apart = told_apart(rows)
        usable = (apart & (rows["begun_at"] <= rows["first_at"] + window)).fill_null(False)
        one, none = ibis.literal(1, "int64"), ibis.literal(0, "int64")
        own = usable & (rows["own_at"] == rows["begun_at"]).fill_null(False)

        def followed(name: str) -> Expression:
            return usable & (rows[f"{name}_at"] <= rows["begun_at"] + window).fill_null(False)

        def reported(column: str) -> Expression:
            return (rows[column] <= rows["first_at"] + window).fill_null(False)

        def left_over(touched: Expression, in_time: Expression) -> Expression:
            return usable.ifelse(none, apart.ifelse(in_time.ifelse(one, none), touched))

        return rows.select(
            *message,
            *(["link_id"] if by_link else []),
            at=usable.ifelse(rows["begun_at"], rows["first_at"]),
            usable=own,
            **{name: followed(name) for name in reactions},
            **{
                f"{name}_records": own.ifelse(
                    one,
                    left_over(
                        rows["begun_touches"] + rows[f"{name}_touches"], reported("own_at") | reported(f"{name}_at")
                    ),
                )
                for name in reactions
            },
            **{f"{name}_left_over": left_over(rows[f"{name}_touches"], reported(f"{name}_at")) for name in reactions},
        )

    return build


def _of_messages_since(touches: Rows, message: list[str], since: Expression) -> Rows:
    """All touches about messages that anything is known of from a moment on; the others began before it."""
    recent = touches.filter(touches["at"] >= since)
    recent = recent.select(**{name: recent[name].fill_null("") for name in message}).distinct()
    known = {name: touches[name].fill_null("") for name in message}
    return touches.semi_join(recent, [value == recent[name] for name, value in known.items()])


def _source(name: str, begins: str, reactions: tuple[str, ...], *more: str) -> Source:
    return Source(
        name,
        _messages(begins, reactions),
        (*_DIMENSIONS, *more),
        of_customers=True,
        parameters=("reaction_days",),
        settles_days=_REACTION_DAYS,
    )


_SENT = _source("sent_messages", "sent", ("delivered", "bounced"))
_DELIVERED = _source("delivered_messages", "delivered", ("opened", "clicked", "unsubscribed", "complained"), "link_id")
# Links belong to clicks; the messages that these are held against have none, nor have openings and complaints.
_UNCUT = ("link_id",)


def _click_through_rate(cells: Cells, _: Parameters) -> Estimate:
    clicked = cells["clicked"]
    delivered, records = cells.whole("messages", "link_id"), cells.whole("records", "link_id")
    lower, upper = intervals.wilson(clicked, delivered)
    return Estimate(divide(clicked, delivered), delivered, lower, upper, estimates.missing(delivered, records))


def _click_to_open_rate(cells: Cells, _: Parameters) -> Estimate:
    clicked, read = cells["clicked"], cells["messages"]
    lower, upper = intervals.wilson(clicked, read)
    return Estimate(divide(clicked, read), read, lower, upper, estimates.missing(read, read + cells["unknown"]))


def _touches(*more: str) -> tuple[str, ...]:
    columns = ("kind", "at", "customer_id", "campaign_id", "message_id", "channel", *more)
    return tuple(f"touches.{name}" for name in columns)


_MESSAGE = Text(
    " A message is what a campaign sent to one customer by one channel, or has its own number; it counts once.",
    " Сообщение\u00a0— это то, что кампания отправила одному клиенту по\u00a0одному каналу, или то, что имеет свой номер; "
    "оно учитывается один раз.",
)
_OF_SENDING = Text(
    " It belongs to the period in which it was sent; what is reported up to `reaction_days` days later counts. Touches "
    "without a customer or without campaign and number, and reports on messages not recorded as sent, are missing.",
    " Оно относится к\u00a0периоду отправки; учитывается то, что стало известно не\u00a0позже чем через `reaction_days` дней. "
    "Касания без клиента или без кампании и\u00a0номера, а\u00a0также сведения о\u00a0сообщениях, об\u00a0отправке которых нет записи, "
    "считаются пропусками.",
)
_OF_DELIVERY = Text(
    " It belongs to the period of its delivery; what follows up to `reaction_days` days later counts. Touches without "
    "a customer or without campaign and number, and reactions to messages not reported delivered, are missing.",
    " Оно относится к\u00a0периоду доставки; учитывается то, что произошло не\u00a0позже чем через `reaction_days` дней. "
    "Касания без клиента или без кампании и\u00a0номера, а\u00a0также реакции на\u00a0сообщения, о\u00a0доставке которых нет записи, "
    "считаются пропусками.",
)


def _share(
    id_: str,
    name: Text,
    description: Text,
    use: Text,
    direction: Literal["more", "less"],
    rule: Text,
    formula: str,
    formula_source: str,
    measures: dict[str, Measure],
    estimate: Callable[[Cells, Parameters], Estimate],
    more_data: tuple[str, ...] = (),
    version: int = 1,
) -> Metric:
    """A share of messages sent or delivered; `rule` says which, and the rest of the method is alike."""
    placed = _OF_SENDING if measures["messages"].source is _SENT else _OF_DELIVERY
    return Metric(
        Passport(
            id=id_,
            version=version,
            name=name,
            description=description,
            use=use,
            unit="share",
            direction=direction,
            method=Text(rule.en + _MESSAGE.en + placed.en, rule.ru + _MESSAGE.ru + placed.ru),
            formula=formula,
            formula_source=formula_source,
            interval=estimates.WILSON,
            primary_data=_touches(*more_data),
            perspective="marketing",
            group="tools",
            owner_role=roles.MARKETING,
            minimum_sample=100,
            parameters={"reaction_days": _REACTION_DAYS},
        ),
        measures,
        estimate,
        uncut=() if "link_id" in more_data else _UNCUT,
    )


def _followed(source: Source, reaction: str) -> dict[str, Measure]:
    return {
        "messages": count_true(source, "usable"),
        reaction: count_true(source, reaction),
        "records": total(source, f"{reaction}_records"),
    }


def _read(rows: Rows, _: Parameters) -> ir.IntegerScalar:
    return rows.count(where=rows["opened"] | rows["clicked"])


def _perhaps_read(rows: Rows, _: Parameters) -> ir.Value:
    """Records of openings or clicks that could not be used."""
    larger: Expression = ibis.greatest(rows["opened_left_over"], rows["clicked_left_over"])
    return larger.sum()


_MARKETING_METRICS = "Farris, Bendle, Pfeifer & Reibstein, Marketing Metrics, 2010"
_ABUSE = "M3AAWG, Sender Best Common Practices, 2015"

METRICS = (
    _share(
        "delivery_rate",
        Text("Delivery rate", "Доля доставленных сообщений"),
        Text("Share of sent messages that arrived.", "Доля отправленных сообщений, которые дошли."),
        Text(
            "Shows the health of address lists and of the sender’s reputation; all further rates rest on it.",
            "Показывает состояние базы адресов и\u00a0репутацию отправителя; на\u00a0ней держатся все следующие показатели.",
        ),
        "more",
        Text(
            "Messages reported delivered divided by messages sent; one of which nothing is reported did not arrive.",
            "Сообщения, о\u00a0доставке которых есть запись, делённые на\u00a0отправленные; сообщение, о\u00a0котором ничего "
            "не\u00a0известно, считается недоставленным.",
        ),
        "delivered / sent",
        _MARKETING_METRICS,
        _followed(_SENT, "delivered"),
        estimates.share("delivered", "messages", "records"),
    ),
    _share(
        "bounce_rate",
        Text("Bounce rate", "Доля возвратов сообщений"),
        Text(
            "Share of sent messages that came back as undeliverable.",
            "Доля отправленных сообщений, которые вернулись как недоставляемые.",
        ),
        Text(
            "A rise says that addresses are out of date or that mail services refuse the sender.",
            "Рост означает, что адреса устарели или почтовые службы отвергают отправителя.",
        ),
        "less",
        Text(
            "Messages reported bounced divided by messages sent.",
            "Сообщения, о\u00a0возврате которых есть запись, делённые на\u00a0отправленные.",
        ),
        "bounced / sent",
        _ABUSE,
        _followed(_SENT, "bounced"),
        estimates.share("bounced", "messages", "records"),
    ),
    _share(
        "open_rate",
        Text("Open rate (OR)", "Доля открытий (OR)"),
        Text("Share of delivered messages that were opened.", "Доля доставленных сообщений, которые открыли."),
        Text(
            "Compares subjects, senders and times of sending; mail programs that open by themselves raise it.",
            "Сравнивает темы, отправителей и\u00a0время отправки; почтовые программы, открывающие письма сами, её завышают.",
        ),
        "more",
        Text(
            "Messages opened at least once divided by messages delivered.",
            "Сообщения, открытые хотя\u00a0бы раз, делённые на\u00a0доставленные.",
        ),
        "unique opened / delivered",
        _MARKETING_METRICS,
        _followed(_DELIVERED, "opened"),
        estimates.share("opened", "messages", "records"),
        version=2,
    ),
    _share(
        "click_through_rate",
        Text("Click-through rate (CTR)", "Доля переходов (CTR)"),
        Text(
            "Share of delivered messages in which a link was clicked.",
            "Доля доставленных сообщений, в\u00a0которых перешли по\u00a0ссылке.",
        ),
        Text(
            "Shows whether the offer and the text lead on; less distorted than openings. Slice by link to see which one does.",
            "Показывает, ведут\u00a0ли предложение и\u00a0текст дальше; искажается меньше, чем открытия. Срез по\u00a0ссылкам "
            "показывает, какая из\u00a0них ведёт.",
        ),
        "more",
        Text(
            "Messages clicked at least once divided by messages delivered; by link, those in which that link was clicked "
            "by all that were delivered.",
            "Сообщения хотя\u00a0бы с\u00a0одним переходом, делённые на\u00a0доставленные; в\u00a0срезе по\u00a0ссылкам\u00a0— сообщения "
            "с\u00a0переходом по\u00a0этой ссылке, делённые на\u00a0все доставленные.",
        ),
        "unique clicked / delivered",
        _MARKETING_METRICS,
        _followed(_DELIVERED, "clicked"),
        _click_through_rate,
        ("link_id",),
        version=2,
    ),
    _share(
        "click_to_open_rate",
        Text("Click-to-open rate (CTOR)", "Доля переходов от\u00a0открытий (CTOR)"),
        Text(
            "Share of opened messages in which a link was clicked.",
            "Доля открытых сообщений, в\u00a0которых перешли по\u00a0ссылке.",
        ),
        Text(
            "Judges what is inside the message apart from its subject and sender.",
            "Оценивает содержание сообщения отдельно от\u00a0темы и\u00a0отправителя.",
        ),
        "more",
        Text(
            "Messages clicked at least once divided by messages opened or clicked: a click shows that the message was "
            "opened even where that was not recorded.",
            "Сообщения хотя\u00a0бы с\u00a0одним переходом, делённые на\u00a0сообщения с\u00a0открытием или переходом: переход "
            "означает, что сообщение открыли, даже если это не\u00a0записано.",
        ),
        "unique clicked / unique opened",
        "Chaffey & Smith, Digital Marketing Excellence, 2017 (click-to-open rate)",
        {
            "messages": Measure(_DELIVERED, _read),
            "clicked": count_true(_DELIVERED, "clicked"),
            "unknown": Measure(_DELIVERED, _perhaps_read),
        },
        _click_to_open_rate,
    ),
    _share(
        "unsubscribe_rate",
        Text("Unsubscribe rate", "Доля отписок"),
        Text(
            "Share of delivered messages after which the customer unsubscribed.",
            "Доля доставленных сообщений, после которых клиент отписался.",
        ),
        Text(
            "Shows when messages are too many or of no interest; set it against what the messages bring.",
            "Показывает, когда сообщений слишком много или они неинтересны; сопоставляйте с\u00a0тем, что они приносят.",
        ),
        "less",
        Text(
            "Messages followed by unsubscription divided by messages delivered.",
            "Сообщения, за\u00a0которыми последовала отписка, делённые на\u00a0доставленные.",
        ),
        "unsubscribed / delivered",
        _ABUSE,
        _followed(_DELIVERED, "unsubscribed"),
        estimates.share("unsubscribed", "messages", "records"),
    ),
    _share(
        "spam_complaint_rate",
        Text("Spam complaint rate", "Доля жалоб на\u00a0спам"),
        Text(
            "Share of delivered messages that the customer reported as spam.",
            "Доля доставленных сообщений, которые клиент отметил как спам.",
        ),
        Text(
            "Mail services stop delivering to everyone when it rises past some thousandths.",
            "Если она превышает несколько тысячных, почтовые службы перестают доставлять сообщения всем.",
        ),
        "less",
        Text(
            "Messages reported as spam divided by messages delivered.",
            "Сообщения, отмеченные как спам, делённые на\u00a0доставленные.",
        ),
        "complained / delivered",
        _ABUSE,
        _followed(_DELIVERED, "complained"),
        estimates.share("complained", "messages", "records"),
    ),
)
