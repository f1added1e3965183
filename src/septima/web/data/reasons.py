"""Reasons of the quarantine, which the lake keeps in English, in the language of the request."""

import re

from septima.web.common.language import current_language

_WHOLE = {
    "not a number": "не\u00a0число",
    "not a whole number": "не\u00a0целое число",
    "not a number, or over 14 digits before the point": "не\u00a0число или больше 14\u00a0цифр до\u00a0запятой",
    "not a number, but the mapping computes with it": "не\u00a0число, а\u00a0сопоставление с\u00a0ним считает",
    "no date or time": "не\u00a0дата и\u00a0не\u00a0время",
    "no date": "не\u00a0дата",
    "neither true nor false (yes and no, да and нет, 1 and 0 are understood)": "не\u00a0да и\u00a0не\u00a0нет (понятны yes и\u00a0no, да и\u00a0нет, 1\u00a0и\u00a00)",
    "not a JSON object {…}": "не\u00a0объект JSON {…}",
    "the line is not JSON": "строка\u00a0— не\u00a0JSON",
    "the line is not a JSON object {…}": "строка\u00a0— не\u00a0объект JSON {…}",
    "too few fields in the row": "в\u00a0строке слишком мало полей",
    "too many fields in the row; is the delimiter inside an unquoted value?": "в\u00a0строке слишком много полей; нет\u00a0ли разделителя внутри значения без кавычек?",
    "a quote is opened and not closed, or a quoted value goes on after its quote": "кавычка открыта и\u00a0не\u00a0закрыта, или после закрывающей кавычки значение продолжается",
    "bytes that are not text in the file's encoding": "байты, которые не\u00a0читаются в\u00a0кодировке файла",
    "the row is too long; is a quote left open?": "строка слишком длинная; не\u00a0осталась\u00a0ли открытой кавычка?",
    "the same key stands elsewhere in this load with other contents; say in the mapping which to keep: first or last": "тот\u00a0же ключ встречается в\u00a0этой загрузке с\u00a0другим содержимым; укажите в\u00a0сопоставлении, что оставить: first или last",
    "erased on request": "удалено по\u00a0требованию",
}
_PATTERNS = (
    (re.compile(r"no date or time in the form (.*)"), "не\u00a0дата и\u00a0не\u00a0время вида {}"),
    (re.compile(r"no date in the form (.*)"), "не\u00a0дата вида {}"),
    (re.compile(r"empty, but (.*) must be there"), "пусто, а\u00a0{} должно быть заполнено"),
    (
        re.compile(r"not among the values that the mapping knows: (.*)"),
        "нет среди значений, известных сопоставлению: {}",
    ),
    (re.compile(r"(\w+) is one of: (.*)"), "{} может быть одним из: {}"),
    (re.compile(r"below (.*)"), "меньше {}"),
    (re.compile(r"above (.*)"), "больше {}"),
)


def reason_text(reason: str) -> str:
    """The reason as a reader of the request's language knows it; as it is kept where it is none of those we know."""
    if current_language() != "ru":
        return reason
    if reason in _WHOLE:
        return _WHOLE[reason]
    for pattern, russian in _PATTERNS:
        if found := pattern.fullmatch(reason):
            return russian.format(*found.groups())
    return reason
