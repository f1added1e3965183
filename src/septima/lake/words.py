"""What several modules of the lake have to say to a person."""

from collections.abc import Iterable

from septima.schema import Text


def no_table(name: str, known: Iterable[str]) -> Text:
    """A table was asked for that there is not."""
    there = ", ".join(known)
    return Text(f"there is no table {name!r}; there are: {there}", f"нет таблицы «{name}»; есть: {there}")


def nothing_of(customer_id: str) -> Text:
    """A customer was asked for of whom there is nothing."""
    return Text(
        f"the lake holds nothing of a customer {customer_id!r}",
        f"в\u00a0хранилище ничего нет о\u00a0клиенте «{customer_id}»; проверьте его номер",
    )
