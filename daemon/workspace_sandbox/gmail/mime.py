"""Internet messages (RFC 5322, MIME) in and out: headers without touching the body, Gmail's payload tree, snippets.

Headers are read and changed in the raw bytes, so that what a client sent stays as it was, byte for byte, where Gmail
would leave it alone.
"""

from __future__ import annotations

import base64
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime

from workspace_sandbox.calls import Json

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:(.*(?:\r\n[ \t].*)*)\r\n")
_REPLY_PREFIX = re.compile(r"^(?:(?:re|rv|fwd?|aw|wg)(?:\[\d+\])?:\s*)+", re.IGNORECASE)
_ADDRESS = re.compile(r"[^@\s<>]+@[^@\s<>]+")
_TAGS = re.compile(r"<(style|script|head)\b.*?</\1\s*>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_SNIPPET_LENGTH = 200


@dataclass(frozen=True)
class Letter:
    """A message cut into its header fields and the rest, which stays as it is. Lines end in CRLF."""

    fields: tuple[tuple[str, str], ...]
    """Names as written, and raw values: folded and encoded as they came."""
    rest: bytes

    @classmethod
    def parse(cls, content: bytes) -> Letter:
        """Cut a message; what does not begin with header fields is all body."""
        content = re.sub(rb"\r?\n", b"\r\n", content)
        if not content.endswith(b"\r\n"):
            content += b"\r\n"
        fields: list[tuple[str, str]] = []
        position = 0
        while found := _FIELD.match(content, position):
            fields.append((found[1].decode("ascii"), found[2].decode("utf-8", "surrogateescape").strip()))
            position = found.end()
        return cls(tuple(fields), content[position:].removeprefix(b"\r\n"))

    def content(self) -> bytes:
        head = "".join(f"{name}: {value}\r\n" for name, value in self.fields)
        return head.encode("utf-8", "surrogateescape") + b"\r\n" + self.rest

    def raw_values(self, name: str) -> list[str]:
        return [value for field, value in self.fields if field.lower() == name.lower()]

    def value(self, name: str) -> str:
        """The decoded value of the first such field, empty where there is none."""
        values = self.raw_values(name)
        return decoded(values[0]) if values else ""

    def replaced(self, name: str, value: str) -> Letter:
        """With one such field, at the place of the first, or at the end."""
        fields: list[tuple[str, str]] = []
        done = False
        for field, old in self.fields:
            if field.lower() != name.lower():
                fields.append((field, old))
            elif not done:
                fields.append((field, value))
                done = True
        if not done:
            fields.append((name, value))
        return Letter(tuple(fields), self.rest)

    def without(self, name: str) -> Letter:
        return Letter(tuple(one for one in self.fields if one[0].lower() != name.lower()), self.rest)

    def preceded(self, name: str, value: str) -> Letter:
        """With the field before all others, as each server on the way does."""
        return Letter(((name, value), *self.fields), self.rest)

    def headers(self) -> list[Json]:
        """The fields as Gmail's API shows them: decoded, unfolded."""
        return [{"name": name, "value": decoded(value)} for name, value in self.fields]

    def addresses(self, *names: str) -> list[str]:
        """The addresses in these fields, in lower case, each once, in the order they come.

        What is no address comes as written, so that the caller can refuse it.
        """
        raw = [unfolded(value) for name in names for value in self.raw_values(name)]
        found = [address or name for name, address in getaddresses([one for one in raw if one])]
        return list(dict.fromkeys(one.lower() for one in found if one))

    def date(self) -> datetime | None:
        """The instant of the Date field, None where there is none that can be read."""
        try:
            when = parsedate_to_datetime(self.value("Date"))
        except ValueError:
            return None
        return when if when.tzinfo else when.replace(tzinfo=UTC)

    def references(self) -> list[str]:
        """The Message-IDs in In-Reply-To and References."""
        values = self.raw_values("In-Reply-To") + self.raw_values("References")
        return list(dict.fromkeys(one for value in values for one in re.findall(r"<[^<>\s]+>", value)))

    def subject_of_thread(self) -> str:
        """The subject as conversations compare it: without Re: and Fwd:, spaces and case aside."""
        subject = " ".join(self.value("Subject").split())
        return _REPLY_PREFIX.sub("", subject).casefold()


def is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text) is not None


def unfolded(value: str) -> str:
    """A header value on one line (RFC 5322, section 2.2.3)."""
    return re.sub(r"\r\n(?=[ \t])", "", value)


def decoded(value: str) -> str:
    """A header value as a person reads it: unfolded, encoded words (RFC 2047) decoded."""
    text = unfolded(value).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if "=?" not in text:
        return text
    try:
        return str(make_header(decode_header(text)))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        return text


def encoded(data: bytes) -> str:
    """Bytes as Google's `format: byte` fields carry them."""
    return base64.urlsafe_b64encode(data).decode()


def payload(content: bytes, message_id: str) -> Json:
    """Gmail's payload tree of a message (`MessagePart`)."""
    tree = _part(message_from_bytes(content), "", message_id)
    tree["headers"] = Letter.parse(content).headers()
    return tree


def attachment(content: bytes, part_id: str) -> bytes | None:
    """The content of one part, or None where there is no such part."""
    for found_id, part in _walk(message_from_bytes(content), ""):
        if found_id == part_id and part.get_content_maintype() != "multipart":
            return _data(part)
    return None


def attachment_id(message_id: str, part_id: str) -> str:
    return "ANGjdJ" + encoded(f"{message_id}/{part_id}".encode()).rstrip("=")


def part_of_attachment(message_id: str, attachment: str) -> str | None:
    """The part an attachment id of this message names, or None where it names none."""
    coded = attachment.removeprefix("ANGjdJ")
    try:
        owner, _, part_id = base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)).decode().partition("/")
    except ValueError:
        return None
    return part_id if owner == message_id else None


def text(content: bytes) -> str:
    """The text of a message, for the snippet and for search: its plain parts, or its HTML ones without markup."""
    parts = [part for _, part in _walk(message_from_bytes(content), "") if not _file_name(part)]
    plain = [_text(part) for part in parts if part.get_content_type() == "text/plain"]
    if any(one.strip() for one in plain):
        return "\n".join(plain)
    markup = [_text(part) for part in parts if part.get_content_type() == "text/html"]
    return "\n".join(html.unescape(_TAGS.sub(" ", one)) for one in markup)


def snippet(content: bytes) -> str:
    """The beginning of the text, escaped for HTML as Gmail's API gives it."""
    short = " ".join(text(content).split())[:_SNIPPET_LENGTH].rstrip()
    return html.escape(short).replace("&#x27;", "&#39;")


def file_names(content: bytes) -> list[str]:
    return [name for _, part in _walk(message_from_bytes(content), "") if (name := _file_name(part))]


def _walk(part: Message, part_id: str) -> Iterator[tuple[str, Message]]:
    yield part_id, part
    for number, child in enumerate(_children(part)):
        yield from _walk(child, f"{part_id}.{number}" if part_id else str(number))


def _children(part: Message) -> list[Message]:
    inner = part.get_payload()
    if part.get_content_maintype() != "multipart" or not isinstance(inner, list):
        return []
    return [child for child in inner if isinstance(child, Message)]


def _part(part: Message, part_id: str, message_id: str) -> Json:
    name = _file_name(part)
    shown: Json = {
        "partId": part_id,
        "mimeType": part.get_content_type(),
        "filename": name,
        "headers": [{"name": field, "value": decoded(_raw(value))} for field, value in part.raw_items()],
    }
    if part.get_content_maintype() == "multipart":
        shown["body"] = {"size": 0}
        shown["parts"] = [
            _part(child, f"{part_id}.{number}" if part_id else str(number), message_id)
            for number, child in enumerate(_children(part))
        ]
    elif name or part.get_content_maintype() != "text":
        shown["body"] = {"attachmentId": attachment_id(message_id, part_id), "size": len(_data(part))}
    else:
        # Text comes in UTF-8, whatever it was sent in.
        data = _text(part).encode()
        shown["body"] = {"size": len(data), "data": encoded(data)}
    return shown


def _raw(value: object) -> str:
    """A raw header value of the email package, whose undecodable bytes are ASCII surrogates, as ours are."""
    return str(value).encode("utf-8", "surrogateescape").decode("utf-8", "surrogateescape")


def _file_name(part: Message) -> str:
    name = part.get_filename()
    return decoded(name) if name else ""


def _data(part: Message) -> bytes:
    if part.get_content_maintype() == "message":
        inner = part.get_payload()
        parts = inner if isinstance(inner, list) else []
        return b"\r\n".join(one.as_bytes() for one in parts if isinstance(one, Message))
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _text(part: Message) -> str:
    data = _data(part)
    try:
        return data.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        return data.decode("utf-8", "replace")
