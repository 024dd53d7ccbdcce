"""A mail as bytes, read back as a mail program reads it: the headers we mean, and no other, whatever the cells say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploylog.mime import (
    MARKER,
    Letter,
    Marked,
    Thread,
    compose,
    deployment_digest,
    digest,
    marker_for,
    read_marker,
)
from deploylog.model import Key, Kind

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
LETTER = Letter(
    sender="Soffid <deployments@soffid.example>",
    to=("it@diba.example", "helpdesk@diba.example"),
    cc=("team@soffid.example",),
    reply_to="ana@soffid.example",
    subject="Despliegue DIBA-0014: inicio",
    text="Buenos días.\n",
    html="<p>Buenos días.</p>\n",
)
OURS = [
    *("From", "To", "Cc", "Reply-To", "Subject", "Date", "Auto-Submitted", MARKER),
    *("In-Reply-To", "References", "MIME-Version", "Content-Type"),
]
"""Every header a mail of ours may have, and each at most once."""

anything = st.text(
    st.one_of(st.sampled_from('\r\n\t\0\x0b\x0c\x1c\x85\u2028\u202e=?_:<>,;@"\\ñ '), st.characters()), max_size=120
)


def read(content: bytes) -> EmailMessage:
    mail = message_from_bytes(content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


FIRST = Thread()


def composed(letter: Letter = LETTER, thread: Thread = FIRST, marker: str = "a" * 32) -> EmailMessage:
    return read(compose(letter, thread, marker, NOW))


def raw_names(content: bytes) -> list[str]:
    """The names of the headers as they stand in the bytes, taking every kind of line end for one."""
    head = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n\n")[0]
    return [line.split(b":")[0].decode() for line in head.split(b"\n") if line[:1] not in (b" ", b"\t")]


def test_the_headers_of_a_first_mail() -> None:
    mail = composed()
    assert mail["From"] == "Soffid <deployments@soffid.example>"
    assert mail["To"] == "it@diba.example, helpdesk@diba.example"
    assert mail["Cc"] == "team@soffid.example"
    assert mail["Reply-To"] == "ana@soffid.example"
    assert mail["Subject"] == "Despliegue DIBA-0014: inicio"
    assert mail["Auto-Submitted"] == "auto-generated"  # RFC 3834, section 5
    assert mail[MARKER] == "a" * 32
    assert mail["Date"].datetime == NOW
    assert mail["In-Reply-To"] is None
    assert mail["References"] is None
    assert mail["Message-ID"] is None  # Gmail puts its own


def test_what_is_empty_has_no_header() -> None:
    mail = composed(replace(LETTER, cc=(), reply_to=""))
    assert mail["Cc"] is None
    assert mail["Reply-To"] is None


def test_text_and_html_stand_beside_each_other() -> None:
    mail = composed()
    assert mail.get_content_type() == "multipart/alternative"
    plain, html = mail.iter_parts()
    assert (plain.get_content_type(), plain.get_content().strip()) == ("text/plain", "Buenos días.")
    assert (html.get_content_type(), html.get_content().strip()) == ("text/html", "<p>Buenos días.</p>")


def test_every_line_ends_with_crlf() -> None:
    content = compose(LETTER, Thread(), "m", NOW)
    assert content.count(b"\n") == content.count(b"\r\n")


def test_an_answer_names_the_mails_before_it_and_keeps_their_subject() -> None:
    mail = composed(thread=Thread("t1", ("<1@mail.example>", "<2@mail.example>"), "Despliegue DIBA-0014: aviso"))
    assert str(mail["In-Reply-To"]).strip() == "<2@mail.example>"
    assert str(mail["References"]).split() == ["<1@mail.example>", "<2@mail.example>"]
    assert mail["Subject"] == "Despliegue DIBA-0014: aviso"


def test_a_long_conversation_keeps_its_first_and_its_latest_mails() -> None:
    ids = tuple(f"<{number}@mail.example>" for number in range(25))
    assert str(composed(thread=Thread("t", ids, "s"))["References"]).split() == [ids[0], *ids[-9:]]


@pytest.mark.parametrize("length", [40, 76, 77, 78, 79, 200])
def test_message_ids_stand_as_they_are_however_long(length: int) -> None:
    """An encoded word (RFC 2047) in their place would tear the conversation apart."""
    one = f"<{'x' * (length - 15)}@mail.example>"
    content = compose(LETTER, Thread("t", (one, one), "s"), "m", NOW)
    head = content.split(b"\r\n\r\n")[0].replace(b"\r\n ", b" ")
    lines = {line.split(b":")[0]: line.split(b":", 1)[1].split() for line in head.split(b"\r\n")}
    assert lines[b"In-Reply-To"] == [one.encode()]
    assert lines[b"References"] == [one.encode()] * 2


@pytest.mark.parametrize(
    "hostile",
    [
        "<=?utf-8?q?=0D=0ABcc:=20x@evil.example?=@evil.example>",
        "=?utf-8?q?=0D=0ABcc:=20x@evil.example?=",
        "<a\r\nBcc: x@evil.example>",
        "<a\u2028b@evil.example>",
        "<\ud800@evil.example>",
        "<a\0b@evil.example>",
        "<a b@evil.example>",
        "<é@evil.example>",
        "nothing@evil.example",
    ],
)
def test_of_a_mail_that_is_answered_a_hostile_message_id_is_left_out(hostile: str) -> None:
    content = compose(LETTER, Thread("t", ("<first=?1@mail.example>", "<CA+x=y@mail.example>", hostile), "s"), "m", NOW)
    assert "Bcc" not in raw_names(content)
    assert b"evil" not in content
    mail = read(content)
    assert (str(mail["In-Reply-To"]), str(mail["References"])) == ("<CA+x=y@mail.example>", "<CA+x=y@mail.example>")
    alone = compose(LETTER, Thread("t", (hostile,), "s"), "m", NOW)
    assert {"In-Reply-To", "References"}.isdisjoint(raw_names(alone))


@settings(deadline=None)
@given(message_id=anything)
def test_no_message_id_adds_a_header_or_keeps_the_mail_from_going(message_id: str) -> None:
    content = compose(LETTER, Thread("t", (message_id,), "s"), "m", NOW)
    assert set(raw_names(content)) <= set(OURS)


def test_no_line_is_longer_than_a_server_takes() -> None:
    """RFC 5322, section 2.1.1: 998 characters without the line end."""
    crowd = tuple(f"a.person.with.number.{number}@customer.example" for number in range(200))
    long = replace(LETTER, to=crowd, subject="x" * 3000, text="y" * 3000 + "\n", html="<p>" + "z" * 3000 + "</p>")
    ids = tuple(f"<{'i' * 60}{number}@mail.example>" for number in range(25))
    content = compose(long, Thread("t", ids), "m", NOW)
    assert max(len(line) for line in content.split(b"\r\n")) <= 998
    mail = read(content)
    assert len(mail["To"].addresses) == 200
    assert mail["Subject"] == "x" * 3000


@pytest.mark.parametrize(
    "subject",
    [
        "Producció: 15 minuts — ñ, ç, l·l",
        "😀" * 60,
        "palabra " * 40 + "ñ",
        "Compañía de Aguas, S.A.: despliegue «addon-diba 3.2.11»",
    ],
)
def test_a_subject_in_any_script_arrives_as_it_was(subject: str) -> None:
    assert composed(replace(LETTER, subject=subject))["Subject"] == subject.strip()


@pytest.mark.parametrize(
    "subject",
    [
        "a\nBcc: thief@elsewhere.example",
        "a\r\nBcc: thief@elsewhere.example",
        "a\rBcc: thief@elsewhere.example",
        "a\n\nBcc: thief@elsewhere.example",
        "a\x0bBcc: thief@elsewhere.example",
        "a\u2028Bcc: thief@elsewhere.example",
        "a\x85Bcc: thief@elsewhere.example",
        "Bcc: thief@elsewhere.example\n",
        "=?utf-8?q?a=0ABcc:_thief=40elsewhere.example?=",
        "=?utf-8?q?a=0D=0ABcc:_thief=40elsewhere.example?= ñ",
        "=?utf-8?b?YQpCY2M6IHRoaWVmQGVsc2V3aGVyZS5leGFtcGxl?=",
        "=\n?utf-8?q?a=0ABcc:_thief=40elsewhere.example?=",
        "==??utf-8?q?a=0ABcc:_thief=40elsewhere.example?=",
        "a\0b\x1f\x7f",
        "\ud800",
        "",
    ],
)
def test_no_subject_adds_a_header_or_keeps_the_mail_from_going(subject: str) -> None:
    content = compose(replace(LETTER, subject=subject), Thread(), "m", NOW)
    mail = read(content)
    assert mail["Bcc"] is None
    assert set(raw_names(content)) == set(OURS) - {"In-Reply-To", "References"}
    assert not any(ord(one) < 32 or ord(one) == 127 for one in str(mail["Subject"]))


@settings(deadline=None)
@given(subject=anything, first=anything, name=anything)
def test_no_text_adds_a_header(subject: str, first: str, name: str) -> None:
    letter = replace(LETTER, subject=subject, sender=f"{name} <deployments@soffid.example>")
    try:
        content = compose(letter, Thread("t", ("<1@mail.example>",), first), "m", NOW)
    except ValueError:
        return  # No address can be read out of it: the mail is refused, with a sentence.
    mail = read(content)
    assert sorted(set(raw_names(content))) == sorted(OURS)
    assert sorted(mail.keys()) == sorted(OURS)
    assert [one.addr_spec for one in mail["To"].addresses] == list(LETTER.to)
    assert [one.addr_spec for one in mail["From"].addresses] == ["deployments@soffid.example"]


@pytest.mark.parametrize("name", ["Soffid, S.L.", "=?utf-8?q?x=0ABcc:_y?=", "Ñandú", "N" * 300, 'a "b" c', "a\\"])
def test_a_senders_name_is_a_name_and_nothing_else(name: str) -> None:
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    content = compose(replace(LETTER, sender=f'"{quoted}" <d@soffid.example>'), Thread(), "m", NOW)
    assert "Bcc" not in raw_names(content)
    (sender,) = read(content)["From"].addresses
    assert sender.addr_spec == "d@soffid.example"
    if "=?" not in name:
        assert sender.display_name.replace(" ", "") == name.replace(" ", "")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "@diba.example",
        "ana@",
        "a..b@diba.example",
        "a b@diba.example",
        "a@b@diba.example",
        "josé@diba.example",
        "ana@ñ.example",
        "ana\0@diba.example",
        "\ud800@diba.example",
    ],
)
@pytest.mark.parametrize("field", ["to", "cc", "reply_to", "sender"])
def test_an_address_nothing_can_be_sent_to_is_refused_with_a_sentence(field: str, address: str) -> None:
    if field == "reply_to" and not address:
        return
    value: object = address if field in ("reply_to", "sender") else ("it@diba.example", address)
    with pytest.raises(ValueError, match="is no address a mail can go to") as refusal:
        compose(replace(LETTER, **{field: value}), FIRST, "m", NOW)  # type: ignore[arg-type]
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "address", ['"eve@evil.example>ana@diba.example', "eve@evil.example (ana@diba.example", '<;".@[,ana@diba.example\\']
)
@pytest.mark.parametrize("field", ["to", "cc", "reply_to"])
def test_what_reads_as_another_address_when_it_is_read_anew_is_refused(field: str, address: str) -> None:
    with pytest.raises(ValueError, match="is no address a mail can go to"):
        compose(replace(LETTER, **{field: address if field == "reply_to" else (address,)}), FIRST, "m", NOW)  # type: ignore[arg-type]


@settings(deadline=None)
@given(address=anything)
def test_an_address_is_sent_to_as_it_is_or_refused(address: str) -> None:
    try:
        content = compose(replace(LETTER, to=(address,)), Thread(), "m", NOW)
    except ValueError:
        return
    assert "Bcc" not in raw_names(content)
    assert len(read(content)["To"].addresses) == 1


def test_bodies_with_anything_in_them_arrive() -> None:
    mail = composed(replace(LETTER, text="a\rb\0c\u2028d\n.\nFrom x\n" + "ñ" * 2000 + "\n", html="<p>😀</p>\n"))
    plain, html = mail.iter_parts()
    assert "ñ" * 2000 in plain.get_content()
    assert html.get_content().strip() == "<p>😀</p>"
    assert sorted(mail.keys()) == sorted(set(OURS) - {"In-Reply-To", "References"})


KEY = Key("log", "DIBA-0014", Kind.START, 2, 1, "es")


def test_a_marker_belongs_to_one_key_and_says_of_what_and_of_whom_nothing() -> None:
    others = [
        replace(KEY, **{part: value})
        for part, value in {
            "log_id": "log2",
            "deployment_id": "DIBA-0015",
            "kind": Kind.END,
            "generation": 3,
            "round": 2,
            "target": "ca",
        }.items()
    ]
    assert len({marker_for(one) for one in (KEY, *others)}) == 7
    assert marker_for(KEY) == marker_for(replace(KEY))
    nudge = marker_for(replace(KEY, kind=Kind.NUDGE, target="ana@soffid.example"))
    assert all(word not in marker_for(KEY) + nudge for word in ("DIBA", "log", "ana", "soffid"))


@pytest.mark.parametrize("kind", Kind)
def test_a_marker_can_be_read_again(kind: Kind) -> None:
    marked = read_marker(marker_for(replace(KEY, kind=kind)))
    assert marked == Marked(deployment_digest("log", "DIBA-0014"), kind, 2, 1, "es")
    to_one = read_marker(marker_for(replace(KEY, kind=kind, target="ana@soffid.example")))
    assert to_one is not None
    assert to_one.target == digest("ana@soffid.example")


@pytest.mark.parametrize(
    "text", ["", "x", marker_for(KEY)[1:], f"{marker_for(KEY)}.", marker_for(KEY).replace("start", "begin")]
)
def test_what_is_no_marker_says_nothing(text: str) -> None:
    assert read_marker(text) is None


def test_the_longest_marker_is_read_from_the_mail_as_it_was_written() -> None:
    marker = marker_for(Key("log", "DIBA-0014", Kind.ROLLED_BACK, 10**6, 10**6, "ana@soffid.example"))
    written = compose(LETTER, Thread(), marker, NOW)
    assert message_from_bytes(written, policy=policy.default)[MARKER] == marker
    assert marker.encode() in written
