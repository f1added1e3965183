"""What can be wrong with a mapping; the place where it is stands before it."""

from collections.abc import Iterable
from pathlib import Path

from septima.schema import Text


def absent(path: Path) -> Text:
    """There is no such file."""
    return Text(f"there is no mapping at {path}", f"сопоставления {path} нет; проверьте путь")


def not_utf8(path: Path, byte: int) -> Text:
    """The file is in another encoding."""
    return Text(
        f"{path} is not UTF-8 at byte {byte}; save the mapping as UTF-8",
        f"{path}: байт {byte}\u00a0— не\u00a0UTF-8; сохраните сопоставление в\u00a0UTF-8",
    )


def unreadable(path: Path, why: str | None) -> Text:
    """The system does not give the file."""
    return Text(f"the mapping {path} cannot be read: {why}", f"сопоставление {path} не\u00a0прочитать: {why}")


def not_yaml(problem: object) -> Text:
    """The text is no YAML; the parser says why in its own words."""
    return Text(f"this is not YAML: {problem}", f"это не\u00a0YAML: {problem}")


def no_files() -> Text:
    """The list of files is empty."""
    return Text("`files` is empty; name at least one file", "список «files» пуст; назовите хотя\u00a0бы один файл")


def feeds_nothing(file: str) -> Text:
    """A file has no table to go to."""
    return Text(
        f"{file} feeds no table; name one below `tables`",
        f"для файла {file} не\u00a0названа таблица; назовите её под «tables»",
    )


def too_long(name: str, value: str, most: int) -> Text:
    """A sign of the form of a file has too many characters."""
    return Text(
        f"{name} {value!r} is too long; it has {most} at most",
        f"{name}\u00a0— «{value}», это слишком длинно; знаков может быть не\u00a0больше {most}",
    )


def no_decimal(value: str) -> Text:
    """The mark before decimals is none that numbers are written with."""
    return Text(f"decimal is {value!r}; it is '.' or ','", f"decimal\u00a0— «{value}», а\u00a0может быть «.» или «,»")


def same_marks(value: str) -> Text:
    """Thousands and decimals would be parted by the same mark."""
    return Text(
        f"thousands and decimal are both {value!r}",
        f"и\u00a0thousands, и\u00a0decimal\u00a0— «{value}»; укажите для разрядов и\u00a0для дробной части разные знаки",
    )


def no_zone(value: str) -> Text:
    """There is no such timezone."""
    return Text(
        f"there is no timezone {value!r}; write one as Europe/Moscow or UTC",
        f"нет часового пояса «{value}»; пишите его как Europe/Moscow или UTC",
    )


def no_date_form(value: str) -> Text:
    """A form of dates is neither a pattern nor a known word."""
    return Text(
        f"{value!r} is no form of a date; write it as %d.%m.%Y, or iso, excel, unix, unix_ms",
        f"«{value}»\u00a0— не\u00a0вид даты; напишите его как %d.%m.%Y или как iso, excel, unix, unix_ms",
    )


def lacks_key(table: str, key: str) -> Text:
    """A column of the key is not mapped."""
    return Text(
        f"{table} needs its key {key}; add it below `columns`",
        f"таблице {table} нужен её ключ {key}; добавьте его под «columns»",
    )


def lacks_column(table: str, column: str) -> Text:
    """A column that must be there is not mapped."""
    return Text(
        f"{table} needs {column}; add it below `columns`",
        f"таблице {table} нужен столбец {column}; добавьте его под «columns»",
    )


def no_condition() -> Text:
    """What chooses the rows is no condition."""
    return Text(
        "`when` must be a condition, such as state = 'paid'", "«when» должно быть условием, например state = 'paid'"
    )


def no_keep() -> Text:
    """Which of two rows to keep is said in no known way."""
    return Text(
        "`keep` is first, last, quarantine, or one of them with a column: first: at",
        "«keep» может быть first, last, quarantine или одним из\u00a0них со\u00a0столбцом: first: at",
    )


def no_order(table: str, column: str) -> Text:
    """The column by which the first or last row is told is not there."""
    return Text(
        f"{table} has no column {column!r} to order by",
        f"в\u00a0таблице {table} нет столбца «{column}», чтобы по\u00a0нему выбрать первую или последнюю строку",
    )


def no_column(table: str, column: str, known: str) -> Text:
    """The table has no such column."""
    return Text(
        f"{table} has no column {column!r}; it has: {known}",
        f"в\u00a0таблице {table} нет столбца «{column}»; есть: {known}",
    )


def filled_by_load(column: str) -> Text:
    """The column is not for a mapping to fill."""
    return Text(
        f"{column} is filled by the load itself; take it out",
        f"столбец {column} заполняет сама загрузка; уберите его",
    )


def not_one_origin(column: str) -> Text:
    """Where a column comes from is said not at all or twice."""
    return Text(
        f"{column} needs exactly one of column, constant, expression",
        f"для {column} нужно ровно одно из\u00a0трёх: column, constant, expression",
    )


def lone_otherwise(column: str) -> Text:
    """There is a value for what is not listed, and no list."""
    return Text(
        f"`otherwise` of {column} stands without `values`",
        f"у\u00a0{column} есть «otherwise», но\u00a0нет «values»; добавьте «values» или уберите «otherwise»",
    )


def no_choice(column: str, value: str, choices: Iterable[str]) -> Text:
    """The column takes a few values only, and this is none of them."""
    known = ", ".join(choices)
    return Text(
        f"{column} can't be {value!r}; it is one of: {known}",
        f"{column} не\u00a0может быть «{value}»; возможны: {known}",
    )


WHOLE = Text("the mapping", "сопоставление")


def named(key: str) -> Text:
    """What stands under a key, as it is called in the words below."""
    return Text(key, f"«{key}»")


def entry(number: int, of: Text) -> Text:
    """One of the entries of a list, counted from 1."""
    return Text(f"entry {number} of `{of.en}`", f"запись {number} в\u00a0{of.ru}")


def unknown_key(name: Text, key: str, known: Iterable[str]) -> Text:
    """A part holds a key that means nothing there."""
    there = ", ".join(known)
    return Text(
        f"{name.en} has no {key!r}; it may have: {there}", f"{name.ru}: неизвестный ключ «{key}»; возможны: {there}"
    )


def no_pairs(name: Text) -> Text:
    """A part must hold keys with values."""
    return Text(f"{name.en} must be a list of `name: value`", f"{name.ru}: здесь нужны строки вида «имя: значение»")


def lacks(name: Text, key: str) -> Text:
    """A part needs a key that is absent or empty."""
    return Text(f"{name.en} needs `{key}:`", f"{name.ru}: не\u00a0хватает ключа «{key}:»; добавьте его")


def no_list(name: Text) -> Text:
    """A part must be a list."""
    return Text(
        f"`{name.en}` must be a list, each entry after a dash",
        f"{name.ru}: здесь нужен список, каждая запись после дефиса",
    )


def empty(name: Text) -> Text:
    """A value is not given."""
    return Text(f"`{name.en}` is empty", f"{name.ru}: значение пусто; впишите его")


def no_single_value(name: Text) -> Text:
    """There is more than one value where one is needed."""
    return Text(
        f"`{name.en}` must be one value, not a list", f"{name.ru}: здесь нужно одно значение, а\u00a0не\u00a0список"
    )


def no_boolean(name: Text, value: object) -> Text:
    """A value is neither true nor false."""
    return Text(
        f"`{name.en}` is true or false, not {value!r}", f"{name.ru}: возможны true или false, а\u00a0не\u00a0«{value}»"
    )


def none_of(name: Text, value: str, choices: Iterable[str]) -> Text:
    """A value is none of those that there are."""
    known = ", ".join(choices)
    return Text(
        f"`{name.en}` is one of {known}, not {value!r}", f"{name.ru}: возможны {known}, а\u00a0не\u00a0«{value}»"
    )
