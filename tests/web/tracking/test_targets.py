"""Links lead to allowed hosts alone, however an address is written; the browser's reading of it is what counts."""

import string
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from septima.web.tracking.targets import HostRule, TargetError, ascii_host, checked_target, with_marks

RULES = (HostRule("shop.example"), HostRule("brand.example", subdomains=True), HostRule("xn--e1afmkfd.xn--p1ai"))
_UNRESERVED = set(string.ascii_letters + string.digits + "-._~:/?#[]@!$&'()*+,;=%")


@pytest.mark.parametrize(
    ("given_address", "found"),
    [
        ("https://shop.example", "https://shop.example/"),
        ("  HTTP://SHOP.Example/A b".replace(" b", "%20b"), "http://shop.example/A%20b"),
        ("https://shop.example:443/x", "https://shop.example/x"),
        ("https://shop.example./x", "https://shop.example/x"),
        ("https://a.b.brand.example/?q=1#top", "https://a.b.brand.example/?q=1#top"),
        ("https://пример.рф/каталог?цвет=белый", "https://xn--e1afmkfd.xn--p1ai/%D0%BA%D0%B0%D1%82%D0%B0%D0%BB%D0%BE%D0%B3?%D1%86%D0%B2%D0%B5%D1%82=%D0%B1%D0%B5%D0%BB%D1%8B%D0%B9"),
        ("https://ПРИМЕР。рф/", "https://xn--e1afmkfd.xn--p1ai/"),
        ("https://shop.example/50%", "https://shop.example/50%25"),
        ('https://shop.example/"<script>', "https://shop.example/%22%3Cscript%3E"),
    ],
)  # fmt: skip
def test_an_address_is_written_as_a_browser_sends_it(given_address: str, found: str) -> None:
    assert checked_target(given_address, RULES) == found


HOSTILE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "https:evil.example",
    "https:/evil.example",
    "https:///evil.example",
    "https://shop.example@evil.example/",
    "https://evil.example@shop.example/",
    "https://shop.example:pass@evil.example/",
    "https://evil.example#@shop.example/",
    "https://evil.example\\@shop.example/",
    "https://shop.example\\.evil.example/",
    "https://shop.example%2f@evil.example/",
    "https://shop.example%00.evil.example/",
    "https://shop.example.evil.example/",
    "https://evilshop.example/",
    "https://sub.shop.example/",
    "https://xbrand.example/",
    "https://brand.example.evil.example/",
    "https://shop.example:8443/",
    "https://shop.example:/",
    "https://shop.example:evil/",
    "https://shоp.example/",  # a Cyrillic о
    "https://shop.example/\r\nSet-Cookie: a=1",
    "https://shop.example/\nLocation: https://evil.example",
    "https://shop.example\t.evil.example/",
    "https://shop.example/\x00",
    "https://shop.example/\u2028x",
    "java\nscript:alert(1)",
    "javascript://shop.example/%0aalert(1)",
    "data:text/html,x",
    "ftp://shop.example/",
    "file:///etc/passwd",
    "https://127.0.0.1/",
    "https://2130706433/",
    "https://0x7f.1/",
    "https://[::1]/",
    "https://[shop.example]/",
    "https://localhost/",
    "https://shop/",
    "",
    " ",
    "https://",
    "https://./",
    "https://..shop.example/",
    "shop.example",
    "https://shop.example/" + "a" * 2_000,
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_an_address_that_leads_elsewhere_is_refused(hostile: str) -> None:
    with pytest.raises(TargetError):
        checked_target(hostile, RULES)


def _as_a_browser(address: str) -> str:
    """The host that a browser goes to, by the steps of the URL standard (WHATWG) that differ from RFC 3986."""
    stripped = "".join(one for one in address.strip("".join(map(chr, range(0x21)))) if one not in "\t\n\r")
    scheme, _, rest = stripped.partition(":")
    assert scheme.lower() in {"http", "https"}
    rest = rest.replace("\\", "/").lstrip("/")
    authority = rest
    for ends in "/?#":
        authority = authority.partition(ends)[0]
    return authority.rpartition("@")[2].partition(":")[0].lower()


_PIECES = st.sampled_from(
    ["https://", "http:", "//", "/", "\\", "@", ":", "#", "?", "%", "%2f", "%0d%0a", "\r\n", "\t", "\x00", "。", "．", "..", ".",
     "shop.example", "brand.example", "evil.example", "a.", "xn--", "[::1]", "127.0.0.1", "0x7f", "443", "80", "а", "ß", "\u200d"]
)  # fmt: skip
_ADDRESSES = st.one_of(
    st.lists(_PIECES, max_size=12).map("".join),
    st.lists(_PIECES, max_size=8).map(lambda pieces: "https://shop.example" + "".join(pieces)),
    st.lists(_PIECES, max_size=8).map(lambda pieces: "https://" + "".join(pieces) + "brand.example/"),
    st.text(max_size=60).map(lambda text: "https://" + text),
    st.text(max_size=60).map(lambda text: "https://shop.example" + text),
)


@settings(max_examples=600, deadline=None)
@given(_ADDRESSES)
def test_whatever_is_taken_leads_a_browser_to_an_allowed_host(address: str) -> None:
    try:
        found = checked_target(address, RULES)
    except TargetError:
        return
    assert set(found) <= _UNRESERVED
    host = _as_a_browser(found)
    assert host in {"shop.example", "brand.example", "xn--e1afmkfd.xn--p1ai"} or host.endswith(".brand.example")
    assert urlsplit(found).netloc == host
    assert checked_target(found, RULES) == found


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["source", "medium", "campaign", "term", "content"]), st.text(min_size=1)))
def test_marks_are_read_back_as_they_were_given_and_change_no_host(marks: dict[str, str]) -> None:
    marks = {name: text.encode("utf-8", "replace").decode() for name, text in marks.items()}
    found = with_marks("https://shop.example/a?x=1&utm_source=old&y=#f", marks)
    parts = urlsplit(found)
    assert (parts.netloc, parts.path, parts.fragment) == ("shop.example", "/a", "f")
    read = dict(parse_qsl(parts.query, keep_blank_values=True))
    old = {} if "source" in marks else {"utm_source": "old"}
    assert read == {"x": "1", "y": "", **old, **{f"utm_{name}": text for name, text in marks.items()}}
    assert set(found) <= _UNRESERVED


def test_a_rule_of_a_host_is_written_in_ascii() -> None:
    assert ascii_host(" Пример.РФ. ") == "xn--e1afmkfd.xn--p1ai"
    for wrong in ("", "localhost", "10.0.0.1", "0x7f.0x1", "shop example", "shop.example/x", "*.example", "-a.example"):
        with pytest.raises(TargetError):
            ascii_host(wrong)
