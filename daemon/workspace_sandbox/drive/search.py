r"""Drive's search language: the parameter `q` of `files.list`.

https://developers.google.com/workspace/drive/api/guides/search-files and …/ref-search-terms. Strings stand in single
quotes, with `\'` and `\\`; double quotes are not documented, but taken (gspread sends them).
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from workspace_sandbox.calls import ApiError, Json

Test = Callable[[Json], bool]
"""Whether a file is found. Files come as `drive_files` keeps them, but `trashed` as inherited from their folders,
`appProperties` of the caller's application alone, `sharedWithMe`, and `fullText` to be called for the text."""

_STRING = r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*\""""
_TOKEN = re.compile(
    rf"\s*(?:(?P<string>{_STRING})|(?P<word>[A-Za-z]+)|(?P<sign><=|>=|!=|=|<|>|\(|\)|\{{|\}}))", re.DOTALL
)
_SIGNS: dict[str, Callable[[object, object], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
}
_ORDER: dict[str, Callable[[datetime, datetime], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_WORDS = re.compile(r"\w+")
_TIMES = ("modifiedTime", "createdTime")
_PEOPLE = ("owners", "writers", "readers")
_ABSENT = ("viewedByMeTime", "visibility", "shortcutDetails", "labels", "memberCount")


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    """A string without its quotes and escapes."""


def parse(query: str) -> Test:
    """What the query asks for. Raises ApiError 400 where it is none, 501 for a term the sandbox does not have."""
    return _whole(_Parser(_tokens(query)))


def parse_for_drives(query: str) -> Test:
    """The same for `drives.list`, whose terms are fewer. A drive comes with `name`, `createdTime` and `hidden`."""
    return _whole(_Parser(_tokens(query), ("name", "createdTime", "hidden")))


def _whole(parser: _Parser) -> Test:
    test = parser.alternatives()
    if not parser.at_end():
        raise _invalid()
    return test


def name_contains(name: str, wanted: str) -> bool:
    """Whether each word of `wanted` begins a word of `name`: `contains` matches prefixes of words only."""
    words = [word.casefold() for word in _WORDS.findall(name)]
    return all(any(word.startswith(prefix.casefold()) for word in words) for prefix in _WORDS.findall(wanted))


def text_contains(text: str, wanted: str) -> bool:
    """Whether the words of `wanted` stand in `text`, whole; in double quotes, one after the other."""
    there = [word.casefold() for word in _WORDS.findall(text)]
    words = [word.casefold() for word in _WORDS.findall(wanted)]
    if wanted.startswith('"') and wanted.endswith('"'):
        return any(there[start : start + len(words)] == words for start in range(len(there) - len(words) + 1))
    return all(word in there for word in words)


def asks_for_text(query: str) -> bool:
    """Whether the query has a `fullText` term, which forbids an order of one's own."""
    return any(token == _Token("word", "fullText") for token in _tokens(query))


class _Parser:
    def __init__(self, tokens: list[_Token], terms: tuple[str, ...] | None = None) -> None:
        """`terms`: those that may be asked for, where not all may."""
        self._tokens = tokens
        self._terms = terms
        self._at = 0

    def at_end(self) -> bool:
        return self._at >= len(self._tokens)

    def alternatives(self) -> Test:
        tests = [self._conjunction()]
        while self._accept("or"):
            tests.append(self._conjunction())
        return tests[0] if len(tests) == 1 else lambda file: any(test(file) for test in tests)

    def _conjunction(self) -> Test:
        tests = [self._negation()]
        while self._accept("and"):
            tests.append(self._negation())
        return tests[0] if len(tests) == 1 else lambda file: all(test(file) for test in tests)

    def _negation(self) -> Test:
        if self._accept("not"):
            test = self._negation()
            return lambda file: not test(file)
        if self._accept("("):
            test = self.alternatives()
            self._expect(")")
            return test
        return self._comparison()

    def _comparison(self) -> Test:
        first = self._next()
        if self._terms is not None and first.text not in self._terms:
            if first.text in ("memberCount", "organizerCount", "orgUnitId", "driveId", "themeId"):
                raise ApiError(501, "notImplemented", f"The sandbox cannot search drives for {first.text}.")
            raise _invalid()
        if first.kind == "string":
            self._expect("in")
            return _within(first.text, self._next().text)
        if first.kind != "word":
            raise _invalid()
        if first.text in ("properties", "appProperties"):
            return self._property(first.text)
        if first.text in _ABSENT:
            raise ApiError(501, "notImplemented", f"The sandbox cannot search for {first.text}.")
        if first.text == "sharedWithMe" and (self.at_end() or not self._peeks_at_sign()):
            return lambda file: bool(file["sharedWithMe"])
        sign = self._next().text
        value = self._next()
        return _compare(first.text, sign, value)

    def _property(self, field: str) -> Test:
        """`properties has { key='k' and value='v' }`"""
        self._expect("has")
        self._expect("{")
        self._expect("key")
        self._expect("=")
        key = self._string()
        self._expect("and")
        self._expect("value")
        self._expect("=")
        value = self._string()
        self._expect("}")
        return lambda file: bool(file[field].get(key) == value)

    def _string(self) -> str:
        token = self._next()
        if token.kind != "string":
            raise _invalid()
        return token.text

    def _next(self) -> _Token:
        if self.at_end():
            raise _invalid()
        self._at += 1
        return self._tokens[self._at - 1]

    def _peeks_at_sign(self) -> bool:
        return self._tokens[self._at].text in _SIGNS

    def _accept(self, text: str) -> bool:
        if not self.at_end() and self._tokens[self._at].kind != "string" and self._tokens[self._at].text == text:
            self._at += 1
            return True
        return False

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise _invalid()


def _tokens(query: str) -> list[_Token]:
    found, at = [], 0
    end = len(query.rstrip())
    while at < end:
        token = _TOKEN.match(query, at)
        if token is None or token.lastgroup is None:
            raise _invalid()
        text = token[token.lastgroup]
        if token.lastgroup == "string":
            text = re.sub(r"\\(.)", _unescaped, text[1:-1], flags=re.DOTALL)
        found.append(_Token(token.lastgroup, text))
        at = token.end()
    return found


def _unescaped(escape: re.Match[str]) -> str:
    if escape[1] not in "'\"\\":
        raise _invalid()
    return escape[1]


def _within(value: str, collection: str) -> Test:
    """`'x' in parents`, and in one of the lists of people."""
    if collection == "parents":
        return lambda file: value in file["parents"]
    if collection in _PEOPLE:
        least = {"owners": ("owner",), "writers": ("writer", "fileOrganizer", "organizer", "owner")}.get(collection)
        return lambda file: any(
            str(one.get("emailAddress", "")).lower() == value.lower() and (least is None or one["role"] in least)
            for one in file["permissions"].values()
        )
    raise _invalid()


def _compare(field: str, sign: str, value: _Token) -> Test:
    if field in ("trashed", "starred", "sharedWithMe", "hidden"):
        return _boolean(field, sign, value)
    if value.kind != "string":
        raise _invalid()
    wanted = value.text
    if field in _TIMES:
        return _time(field, sign, wanted)
    if field == "name" and sign == "contains":
        return lambda file: name_contains(file["name"], wanted)
    if field == "fullText" and sign == "contains":
        return lambda file: text_contains(file["fullText"](), wanted)
    if field == "mimeType" and sign == "contains":
        return lambda file: wanted in file["mimeType"]
    if field in ("name", "mimeType") and sign in _SIGNS:
        # Drive does not tell upper from lower case here.
        test, folded = _SIGNS[sign], wanted.casefold()
        return lambda file: test(str(file[field]).casefold(), folded)
    raise _invalid()


def _boolean(field: str, sign: str, value: _Token) -> Test:
    if sign not in _SIGNS or value.kind != "word" or value.text not in ("true", "false"):
        raise _invalid()
    wanted = (value.text == "true") == (sign == "=")
    return lambda file: bool(file[field]) == wanted


def _time(field: str, sign: str, wanted: str) -> Test:
    if sign not in _ORDER:
        raise _invalid()
    limit, test = _instant(wanted), _ORDER[sign]
    return lambda file: test(_instant(file[field]), limit)


def _instant(text: str) -> datetime:
    """RFC 3339; UTC where no offset is given."""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise _invalid() from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _invalid() -> ApiError:
    return ApiError(400, "invalid", "Invalid Value")
