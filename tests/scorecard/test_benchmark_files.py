"""Exchange files: their canonical form, their signature, and what is refused."""

import json
import os
import stat
import struct
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from septima.schema import Text
from septima.scorecard.benchmark.canonical import canonical, parse
from septima.scorecard.benchmark.errors import BenchmarkError
from septima.scorecard.benchmark.exchange import Exchange, SharedComposite
from septima.scorecard.benchmark.files import (
    checked,
    read_exchange,
    refuse_repeats,
    repeated,
    signed_bytes,
    write_exchange,
)
from septima.scorecard.benchmark.signature import SigningKey, fingerprint, is_signed, new_key, own_key, read_key
from septima.scorecard.benchmark.trust import known_keys, name_of, trust
from septima.scorecard.card import Figure
from septima.scorecard.definition import DefinitionError

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
MADE = NOW.replace(tzinfo=None) - timedelta(days=20)
KEY = SigningKey(bytes(range(32)))
FILE = Path("peer.json")


def composite(identifier: str = "integral", value: float = 80.0) -> SharedComposite:
    return SharedComposite(
        identifier,
        Text("CKPIint", "CKPIint"),
        1.0,
        ("sales",),
        (20, 49),
        Figure(0.8, 0.7, 0.9),
        Figure(value, value - 2, value + 2),
    )


def exchange(**changed: object) -> Exchange:
    made = Exchange(
        organisation="Образец",
        pseudonym=True,
        trade="government",
        country="KZ",
        period="2026-Q3",
        start=date(2026, 7, 1),
        end=date(2026, 10, 1),
        made_at=MADE,
        k=5,
        normalisation="target",
        aggregation="arithmetic",
        integral=composite(),
        perspectives=(composite("sales", 75.5),),
    )
    return replace(made, **changed)  # type: ignore[arg-type]


def altered(**changed: object) -> bytes:
    """A file whose content was altered and which was then signed again by a careless sender."""
    envelope = json.loads(signed_bytes(exchange(), KEY))
    envelope["content"].update(changed)
    del envelope["signature"]
    return canonical({**envelope, "signature": KEY.sign(canonical(envelope)).hex()})


# Appendix B of RFC 8785.
@pytest.mark.parametrize(
    ("bits", "written"),
    [
        ("0000000000000000", "0"),
        ("8000000000000000", "0"),
        ("0000000000000001", "5e-324"),
        ("7fefffffffffffff", "1.7976931348623157e+308"),
        ("4340000000000000", "9007199254740992"),
        ("4430000000000000", "295147905179352830000"),
        ("44b52d02c7e14af5", "9.999999999999997e+22"),
        ("44b52d02c7e14af6", "1e+23"),
        ("444b1ae4d6e2ef4f", "999999999999999900000"),
        ("444b1ae4d6e2ef50", "1e+21"),
        ("3eb0c6f7a0b5ed8c", "9.999999999999997e-7"),
        ("3eb0c6f7a0b5ed8d", "0.000001"),
        ("41b3de4355555554", "333333333.33333325"),
        ("becbf647612f3696", "-0.0000033333333333333333"),
    ],
)
def test_numbers_are_written_as_the_rfc_prints_them(bits: str, written: str):
    assert canonical(struct.unpack(">d", bytes.fromhex(bits))[0]) == written.encode()


def test_keys_are_sorted_by_utf_16_as_in_the_rfc():
    # The example of section 3.2.3.
    names = ["\u20ac", "\r", "\ufb33", "1", "\U0001f600", "\u0080", "\u00f6"]
    order = [json.loads(f'"{name}"') for name in (r"\r", "1", r"\u0080", "ö", "€", r"\ud83d\ude00", r"\ufb33")]
    assert list(json.loads(canonical(dict.fromkeys(names, 0)))) == order


def test_strings_are_escaped_as_little_as_can_be():
    assert canonical('€$\u000f\nA\'B"\\\\"/') == '"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'.encode()


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), 2**60, {"a": object()}])
def test_what_json_cannot_hold_is_refused(wrong: object):
    with pytest.raises((ValueError, TypeError)):
        canonical(wrong)


def _encodable(value: object) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=20,
    ).filter(_encodable)
)
def test_the_canonical_form_reads_back_and_stays_itself(value: object):
    assert parse(canonical(value)) == value
    assert canonical(parse(canonical(value))) == canonical(value)


# Section 7.1 of RFC 8032: secret key, public key, message, signature.
RFC_8032 = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
]


@pytest.mark.parametrize(("secret", "public", "message", "signature"), RFC_8032)
def test_signatures_are_those_of_the_rfc(secret: str, public: str, message: str, signature: str):
    key = SigningKey(bytes.fromhex(secret))
    assert key.public.hex() == public
    assert key.sign(bytes.fromhex(message)).hex() == signature
    assert is_signed(key.public, bytes.fromhex(signature), bytes.fromhex(message))
    assert not is_signed(key.public, bytes.fromhex(signature), bytes.fromhex(message) + b"\0")


def test_the_fingerprint_is_the_sha_256_of_the_public_key():
    assert fingerprint(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2


def test_a_key_is_made_once_and_is_its_owners_alone(tmp_path: Path):
    assert read_key(tmp_path) is None
    made = own_key(tmp_path)
    assert own_key(tmp_path) == made != new_key()
    (path,) = (tmp_path / "keys").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


@pytest.mark.skipif(os.name != "posix", reason="modes of files are those of POSIX")
def test_a_key_that_others_can_read_is_refused(tmp_path: Path):
    own_key(tmp_path)
    path = tmp_path / "keys" / "benchmark.key"
    path.chmod(0o640)
    with pytest.raises(BenchmarkError, match="chmod 600"):
        own_key(tmp_path)


def test_a_spoilt_key_is_refused(tmp_path: Path):
    own_key(tmp_path)
    (tmp_path / "keys" / "benchmark.key").write_text("abc")
    with pytest.raises(BenchmarkError, match="holds no key"):
        read_key(tmp_path)


def test_a_file_reads_back_as_it_was_written(tmp_path: Path):
    path = tmp_path / "out" / "ours.json"
    write_exchange(path, exchange(), KEY)
    found = read_exchange(path, now=NOW)
    assert found.content == exchange()
    assert found.fingerprint == fingerprint(KEY.public)
    assert [file.name for file in path.parent.iterdir()] == ["ours.json"]


def test_one_altered_byte_anywhere_is_refused():
    content = signed_bytes(exchange(integral=None), KEY)
    for at in range(len(content)):
        for changed in {content[at] ^ 1, content[at] ^ 0x20, ord("0"), ord(" ")} - {content[at]}:
            spoilt = content[:at] + bytes([changed]) + content[at + 1 :]
            with pytest.raises(BenchmarkError, match=r"^peer\.json: .*the sender"):
                checked(spoilt, FILE, now=NOW)


def test_every_truncated_file_is_refused():
    content = signed_bytes(exchange(), KEY)
    for length in range(len(content)):
        with pytest.raises(BenchmarkError, match="ask the sender to send it again"):
            checked(content[:length], FILE, now=NOW)


@pytest.mark.parametrize("added", [b"\n", b" ", b"{}"])
def test_bytes_after_the_end_are_refused(added: bytes):
    with pytest.raises(BenchmarkError, match=r"peer\.json"):
        checked(signed_bytes(exchange(), KEY) + added, FILE, now=NOW)


def test_a_later_version_asks_for_a_later_program():
    envelope = json.loads(signed_bytes(exchange(), KEY))
    with pytest.raises(BenchmarkError, match=r"version 2 of the form.*take the Septima"):
        checked(canonical({**envelope, "version": 2}), FILE, now=NOW)


def test_another_form_is_named():
    with pytest.raises(BenchmarkError, match="no exchange file of a benchmark"):
        checked(b'{"form":"other"}', FILE, now=NOW)


def test_a_file_signed_by_another_key_than_it_names_is_refused():
    envelope = json.loads(signed_bytes(exchange(), KEY))
    forged = {**envelope, "key": new_key().public.hex()}
    with pytest.raises(BenchmarkError, match="signature does not fit"):
        checked(canonical(forged), FILE, now=NOW)


def test_a_file_from_the_future_is_refused():
    late = exchange(made_at=NOW.replace(tzinfo=None) + timedelta(days=2))
    with pytest.raises(BenchmarkError, match="still to come; set your clock"):
        checked(signed_bytes(late, KEY), FILE, now=NOW)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"k": 4}, r"content\.k cannot be 4"),
        ({"trade": "piracy"}, r"content\.trade cannot be 'piracy'"),
        ({"start": "2026-07"}, r"content\.start"),
        ({"start": "2026-10-02"}, r"content\.end"),
        ({"remark": "call Ivan Petrov, +7 900 000-00-00"}, "fields that an exchange file does not have"),
        ({"organisation": "x" * 200}, r"content\.organisation"),
        ({"perspectives": {}}, r"content\.perspectives"),
        ({"normalisation": "guess"}, r"content\.normalisation"),
    ],
)
def test_content_that_does_not_fit_is_refused_though_signed(changed: dict[str, object], told: str):
    with pytest.raises(BenchmarkError, match=told):
        checked(altered(**changed), FILE, now=NOW)


def test_a_figure_of_fewer_than_k_records_is_refused():
    small = replace(composite("sales"), n=(3, 4))
    with pytest.raises(BenchmarkError, match="rests on 3 records, while the file promises 5"):
        checked(signed_bytes(exchange(perspectives=(small,)), KEY), FILE, now=NOW)


def test_an_interval_upside_down_is_refused():
    wrong = replace(composite("sales"), printed=Figure(1.0, 2.0, 0.5))
    with pytest.raises(BenchmarkError, match=r"perspectives\[0\]\.printed"):
        checked(signed_bytes(exchange(perspectives=(wrong,)), KEY), FILE, now=NOW)


def test_a_perspective_that_stands_twice_is_refused():
    twice = (composite("sales"), composite("sales"))
    with pytest.raises(BenchmarkError, match="'sales' twice"):
        checked(signed_bytes(exchange(perspectives=twice), KEY), FILE, now=NOW)


def test_an_absent_file_and_a_huge_one_are_named(tmp_path: Path):
    with pytest.raises(BenchmarkError, match="no such file"):
        read_exchange(tmp_path / "none.json")
    (tmp_path / "big.json").write_bytes(b" " * 1_000_001)
    with pytest.raises(BenchmarkError, match="larger than an exchange file can be"):
        read_exchange(tmp_path / "big.json")


def test_two_files_of_one_organisation_and_period_are_refused():
    one = checked(signed_bytes(exchange(), KEY), Path("a.json"), now=NOW)
    later = exchange(made_at=MADE + timedelta(hours=1), organisation="Другое имя")
    by_key = checked(signed_bytes(later, KEY), Path("b.json"), now=NOW)
    by_name = checked(signed_bytes(exchange(), new_key()), Path("c.json"), now=NOW)
    other_period = checked(
        signed_bytes(exchange(start=date(2026, 4, 1), end=date(2026, 7, 1), period="2026-Q2"), KEY), FILE, now=NOW
    )
    assert repeated([one, other_period]) == ()
    with pytest.raises(BenchmarkError, match=r"a\.json and b\.json both speak.*the newer: b\.json"):
        refuse_repeats([one, by_key])
    with pytest.raises(BenchmarkError, match=r"a\.json and c\.json"):
        refuse_repeats([one, by_name])


def test_a_trusted_key_has_its_name_and_another_key_with_that_name_is_refused(tmp_path: Path):
    ours = checked(signed_bytes(exchange(), KEY), FILE, now=NOW)
    assert name_of(ours, known_keys(tmp_path)) is None
    trust(tmp_path, ours, "Образец")
    assert trust(tmp_path, ours, "Образец").read_text(encoding="utf-8") == f"Образец: {ours.fingerprint}\n"
    assert name_of(ours, known_keys(tmp_path)) == "Образец"
    forged = checked(signed_bytes(exchange(), new_key()), FILE, now=NOW)
    with pytest.raises(BenchmarkError, match=r"signed with another key.*ask them by telephone"):
        name_of(forged, known_keys(tmp_path))
    with pytest.raises(BenchmarkError, match="trusted with another key already"):
        trust(tmp_path, forged, "Образец")
    with pytest.raises(BenchmarkError, match="trusted as 'Образец' already"):
        trust(tmp_path, ours, "Other")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A: abc\n", r"known\.yaml, line 1: 'abc' is no fingerprint"),
        (f"A: {'0' * 63}g\n", "line 1: .*64 hexadecimal digits"),
        (f"A: {'a' * 64}\nB: {'a' * 64}\n", "line 2: 'A' has the same key"),
        ("A: [\n", "cannot be read as YAML"),
    ],
)
def test_a_broken_list_of_keys_names_the_line(tmp_path: Path, text: str, told: str):
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "known.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DefinitionError, match=told):
        known_keys(tmp_path)
