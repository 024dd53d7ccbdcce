"""What a cell holds, what typing into it means, and how it is shown, in the spreadsheet's locale.

Dates are numbers, days since 1899-12-30, with a number format
(https://developers.google.com/workspace/sheets/api/guides/formats).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from workspace_sandbox.calls import Json

EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  # serial numbers have no time zone
DATE_TYPES = ("DATE", "TIME", "DATE_TIME")

_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
_TIME = re.compile(_CLOCK)
_ISO = re.compile(rf"(?P<year>\d{{4}})[-/](?P<month>\d{{1,2}})[-/](?P<day>\d{{1,2}})(?:[T ]+{_CLOCK})?")
_LOCAL = re.compile(
    rf"(?P<first>\d{{1,2}})[/-](?P<second_part>\d{{1,2}})(?:[/-](?P<year>\d{{4}}|\d{{2}}))?(?: +{_CLOCK})?"
)
_NAMED = re.compile(
    rf"(?:(?P<month_first>[^\W\d]{{3,}}\.?) +(?P<day_second>\d{{1,2}})|"
    rf"(?P<day_first>\d{{1,2}})(?:[ -]+| de | d')(?P<month_second>[^\W\d]{{3,}}\.?))"
    rf"(?:,? +|-| de | del )(?P<year>\d{{4}})(?: +{_CLOCK})?"
)
_BOOLEANS = {
    "es": ("VERDADERO", "FALSO"),
    "ca": ("CERT", "FALS"),
    "en": ("TRUE", "FALSE"),
}
_MONTHS = {
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "ca": "gener febrer març abril maig juny juliol agost setembre octubre novembre desembre",
    "en": "January February March April May June July August September October November December",
}
_CURRENCIES = {"en_GB": "£", "en_IE": "€"}
"""Signs before an amount where it is not `$`, of locales with a decimal point."""
_DAYS = {
    "es": "lunes martes miércoles jueves viernes sábado domingo",
    "ca": "dilluns dimarts dimecres dijous divendres dissabte diumenge",
    "en": "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
}
_ERRORS = {
    "NULL_VALUE": "#NULL!",
    "DIVIDE_BY_ZERO": "#DIV/0!",
    "VALUE": "#VALUE!",
    "REF": "#REF!",
    "NAME": "#NAME?",
    "NUM": "#NUM!",
    "N_A": "#N/A",
}
"""Type of an ErrorValue -> what the cell shows."""
_DATE_TOKEN = re.compile(
    r"\"[^\"]*\"|\\.|\[h+\]|yyyy|yy|m{1,5}|d{1,4}|h{1,2}|s{1,2}|\.0+|am/pm|a/p|.", re.IGNORECASE | re.DOTALL
)
_NUMBER = re.compile(r"[#0?,]*[0#?](?:\.[0#?]+)?|[#0?]*\.[0#?]+")


def language(locale: str) -> str:
    """`es`, `ca` or `en`, the languages whose words are known here."""
    short = locale[:2]
    return short if short in _BOOLEANS else "en"


def comma_decimals(locale: str) -> bool:
    return not locale.startswith("en")


def serial(instant: datetime) -> float:
    """Days since 1899-12-30 of a local date-time."""
    return (instant - EPOCH) / timedelta(days=1)


def is_date(number: float) -> bool:
    """Whether a serial number is a date of the years 1 to 9999."""
    return -693_593 <= number < 2_958_466


def from_serial(number: float) -> datetime:
    """The local date-time of a serial number, to the nearest millisecond."""
    return EPOCH + timedelta(milliseconds=round(number * 86_400_000))


def entered(
    value: Any, option: str, locale: str, today: date, number_format: Json | None
) -> tuple[Json | None, Json | None]:
    """What writing `value` puts into a cell: its value (None: nothing) and the number format typing brings along.

    `option` is RAW or USER_ENTERED; `number_format` the cell's own, which typing does not change.
    """
    if isinstance(value, bool):
        return {"boolValue": value}, None
    if isinstance(value, int | float):
        return {"numberValue": value}, None
    text = str(value)
    if not text:
        return None, None
    if option != "USER_ENTERED" or (number_format or {}).get("type") == "TEXT":
        return {"stringValue": text}, None
    return _typed(text, locale, today)


def _typed(text: str, locale: str, today: date) -> tuple[Json, Json | None]:
    if text.startswith("'"):
        return {"stringValue": text[1:]}, None
    if text.startswith("=") and len(text) > 1:
        return {"formulaValue": text}, None
    stripped = text.strip()
    yes, no = _BOOLEANS[language(locale)]
    if stripped.upper() in ("TRUE", yes.upper(), "FALSE", no.upper()):
        return {"boolValue": stripped.upper() in ("TRUE", yes.upper())}, None
    number = _typed_number(stripped, locale) or _typed_date(stripped, locale, today)
    if number is None:
        return {"stringValue": text}, None
    return {"numberValue": number[0]}, number[1]


def _typed_number(text: str, locale: str) -> tuple[float, Json | None] | None:
    point, thousands = (",", ".") if comma_decimals(locale) else (".", ",")
    pattern = rf"[+-]?(?:\d+|\d{{1,3}}(?:\{thousands}\d{{3}})+)?(?:\{point}\d+)?(?:[eE][+-]?\d+)?"
    bare, kind, scale = text, None, 1
    if text.endswith("%"):
        bare, kind, scale = text[:-1].strip(), {"type": "PERCENT", "pattern": "0.00%"}, 100
        if point not in bare:
            kind = {"type": "PERCENT", "pattern": "0%"}
    else:
        bare, kind = _without_currency(text, locale)
        if re.search(r"\d[eE][+-]?\d", text):
            kind = {"type": "SCIENTIFIC", "pattern": "0.00E+00"}
    if not re.fullmatch(pattern, bare) or not any(letter.isdigit() for letter in bare):
        return None
    number = float(bare.replace(thousands, "").replace(point, ".")) / scale
    return (int(number) if number.is_integer() and abs(number) < 1e15 else number), kind


def _without_currency(text: str, locale: str) -> tuple[str, Json | None]:
    """The number of an amount of money, and how it is shown; the text itself where it has no sign of a currency."""
    if comma_decimals(locale):
        if not text.endswith("€"):
            return text, None
        bare, pattern = text[:-1].strip(), '#,##0.00\\ "€"'
    else:
        sign = _CURRENCIES.get(locale, "$")
        found = re.fullmatch(rf"(-?){re.escape(sign)} *(\d.*)", text)
        if found is None:
            return text, None
        bare, pattern = found[1] + found[2], f'"{sign}"#,##0.00'
    return bare, {"type": "CURRENCY", "pattern": pattern}


def _typed_date(text: str, locale: str, today: date) -> tuple[float, Json] | None:
    iso, local, clock = _ISO.fullmatch(text), _LOCAL.fullmatch(text), _TIME.fullmatch(text)
    try:
        if iso is not None:
            day = date(int(iso["year"]), int(iso["month"]), int(iso["day"]))
            return _dated(day, iso, "yyyy-mm-dd")
        if local is not None:
            first, second = int(local["first"]), int(local["second_part"])
            month, number = (first, second) if locale == "en_US" else (second, first)
            day = date(_year(local["year"], today), month, number)
            return _dated(day, local, "m/d/yyyy" if locale == "en_US" else "d/m/yyyy")
        named = _NAMED.fullmatch(text)
        if named is not None:
            return _typed_named_date(named, language(locale))
        if clock is not None:
            seconds = _seconds(clock)
            return seconds / 86_400, {"type": "TIME", "pattern": "h:mm:ss" if clock["second"] else "h:mm"}
    except ValueError:
        return None
    return None


def _typed_named_date(found: re.Match[str], words: str) -> tuple[float, Json] | None:
    """`Mar 1 2016`, `1 March 2016`, `9 de diciembre de 2026`: months in the locale's language or in English."""
    word = (found["month_first"] or found["month_second"]).rstrip(".").casefold()
    for months in (_MONTHS[words].split(), _MONTHS["en"].split()):
        for number, name in enumerate(months, 1):
            if word in (name.casefold(), name.casefold()[:3]):
                day = date(int(found["year"]), number, int(found["day_second"] or found["day_first"]))
                shown = "mmmm" if len(word) > 3 else "mmm"
                return _dated(day, found, f"{shown} d yyyy" if found["month_first"] else f"d {shown} yyyy")
    return None


def _dated(day: date, found: re.Match[str], pattern: str) -> tuple[float, Json]:
    whole = serial(datetime.combine(day, time()))
    if not found["hour"]:
        return int(whole), {"type": "DATE", "pattern": pattern}
    shown = "h:mm:ss" if found["second"] else "h:mm"
    return whole + _seconds(found) / 86_400, {"type": "DATE_TIME", "pattern": f"{pattern} {shown}"}


def _seconds(found: re.Match[str]) -> int:
    at = time(int(found["hour"]), int(found["minute"]), int(found["second"] or 0))
    return at.hour * 3600 + at.minute * 60 + at.second


def _year(text: str | None, today: date) -> int:
    if text is None:
        return today.year
    return int(text) if len(text) == 4 else 2000 + int(text)


def rendered(effective: Json | None, number_format: Json | None, option: str, dates: str, locale: str) -> Any:
    """A cell's value as `values.get` answers it; "" for nothing.

    `option`: FORMATTED_VALUE, UNFORMATTED_VALUE or FORMULA (for which the caller gives formulas as text); `dates`:
    SERIAL_NUMBER or FORMATTED_STRING.
    """
    if effective is None:
        return ""
    is_date = "numberValue" in effective and (number_format or {}).get("type") in DATE_TYPES
    if option == "FORMATTED_VALUE" or (is_date and dates == "FORMATTED_STRING"):
        return shown(effective, number_format, locale)
    kind, value = next(iter(effective.items()))
    return _error_text(value) if kind == "errorValue" else value


def shown(effective: Json | None, number_format: Json | None, locale: str) -> str:
    """A cell's value as a person sees it."""
    if effective is None:
        return ""
    text: str | None = effective.get("stringValue")
    if text is not None:
        return text
    kind, value = next(iter(effective.items()))
    if kind == "boolValue":
        return _BOOLEANS[language(locale)][0 if value else 1]
    if kind == "numberValue":
        return shown_number(value, number_format or {}, locale)
    if kind == "errorValue":
        return _error_text(value)
    return str(value)


def shown_number(number: float, number_format: Json, locale: str) -> str:
    """A number by its format; without one, with at most ten digits."""
    kind, pattern = number_format.get("type"), number_format.get("pattern", "")
    if kind in DATE_TYPES and not is_date(number):
        # Believed: what is no date of the years 1 to 9999 is shown as the number it is.
        kind, pattern = None, ""
    if kind in DATE_TYPES:
        day = "m/d/yyyy" if locale == "en_US" else "d/m/yyyy"
        usual = {"DATE": day, "TIME": "h:mm:ss", "DATE_TIME": f"{day} h:mm:ss"}
        return _shown_date(number, pattern or usual[kind], language(locale))
    if not pattern:
        usual_numbers = {
            "PERCENT": "0.00%",
            "CURRENCY": '#,##0.00\\ "€"',
            "NUMBER": "#,##0.00",
            "SCIENTIFIC": "0.00E+00",
        }
        pattern = usual_numbers.get(kind or "", "")
    if not pattern or kind == "TEXT":
        plain = str(int(number)) if float(number).is_integer() and abs(number) < 1e15 else f"{number:.10g}"
        return plain.replace(".", ",") if comma_decimals(locale) else plain
    return _shown_pattern(number, pattern, locale)


def _shown_pattern(number: float, pattern: str, locale: str) -> str:
    positive, _, negative = pattern.partition(";")
    if number < 0 and negative:
        pattern, number = negative.partition(";")[0], -number
    else:
        pattern = positive
    pattern = re.sub(r"\[\$([^\]-]*)[^\]]*\]", r'"\1"', pattern)
    pattern = re.sub(r"\[[^\]]*\]", "", pattern)
    digits = _NUMBER.search(pattern)
    if digits is None:
        return _literal(pattern)
    if "%" in pattern:
        number *= 100
    before, after = pattern[: digits.start()], pattern[digits.end() :]
    decimals = len(digits[0].partition(".")[2])
    if re.match(r"[Ee][+-]", after):
        mantissa, _, exponent = f"{number:.{decimals}E}".partition("E")
        text, after = f"{mantissa}E{exponent}", after.lstrip("Ee+-0")
    else:
        text = f"{number:,.{decimals}f}" if "," in digits[0] else f"{number:.{decimals}f}"
        whole, point, fraction = text.partition(".")
        optional = len(digits[0].partition(".")[2]) - len(digits[0].partition(".")[2].rstrip("#"))
        for _ in range(optional):
            fraction = fraction[:-1] if fraction.endswith("0") else fraction
        text = whole + (point + fraction if fraction else "")
        least = digits[0].partition(".")[0].count("0")
        if "," not in digits[0]:
            whole, point, fraction = text.partition(".")
            text = whole.zfill(least + whole.startswith("-")) + point + fraction
    sign = "-" if text.startswith("-") else ""
    text = text.removeprefix("-")
    if comma_decimals(locale):
        text = text.translate(str.maketrans(",.", ".,"))
    return sign + _literal(before) + text + _literal(after)


def _literal(text: str) -> str:
    """The literal characters of a pattern, without their quotes and backslashes."""
    return re.sub(r"\"([^\"]*)\"|\\(.)|_.|\*.", lambda found: found[1] or found[2] or "", text)


def _shown_date(number: float, pattern: str, words: str) -> str:
    instant = from_serial(number)
    return "".join(part(instant, number, words) for part in _date_parts(pattern))


DatePart = Callable[[datetime, float, str], str]
"""From the instant, its serial number and the language to a piece of text."""


@lru_cache(maxsize=256)
def _date_parts(pattern: str) -> tuple[DatePart, ...]:
    """The pieces of a date pattern, in their order."""
    tokens = _DATE_TOKEN.findall(pattern)
    lowered = [token.lower() for token in tokens]
    twelve = "am/pm" in lowered or "a/p" in lowered
    return tuple(
        _date_part(token, minutes=set(low) == {"m"} and _is_minutes(lowered, at), twelve=twelve)
        for at, (token, low) in enumerate(zip(tokens, lowered, strict=True))
    )


def _date_part(token: str, *, minutes: bool, twelve: bool) -> DatePart:
    low, width = token.lower(), len(token)
    if minutes:
        return lambda at, _, __: f"{at.minute:0{width}d}"
    if low.startswith("[h"):
        return lambda _, number, __: str(int(number * 24 + 1e-9))
    if low in ("h", "hh"):
        return lambda at, _, __: f"{(at.hour % 12 or 12) if twelve else at.hour:0{width}d}"
    if low in ("am/pm", "a/p"):
        return lambda at, _, __: "AM" if at.hour < 12 else "PM"
    if low.startswith(".0"):
        return lambda at, _, __: f".{at.microsecond:06d}"[:width]
    if low in _DATE_PARTS:
        part = _DATE_PARTS[low]
        return lambda at, _, words: part(at, words)
    text = _literal(token) if width > 1 else token
    return lambda _, __, ___: text


def _is_minutes(tokens: list[str], at: int) -> bool:
    """`m` means minutes right after hours or right before seconds, months elsewhere."""
    meaning = [place for place, token in enumerate(tokens) if token[0] in "ymdhs["]
    position = meaning.index(at)
    before = tokens[meaning[position - 1]] if position else ""
    after = tokens[meaning[position + 1]] if position + 1 < len(meaning) else ""
    return before.startswith(("h", "[h")) or after.startswith("s")


_DATE_PARTS: dict[str, Callable[[datetime, str], str]] = {
    "yyyy": lambda at, _: f"{at.year:04d}",
    "yy": lambda at, _: f"{at.year % 100:02d}",
    "m": lambda at, _: str(at.month),
    "mm": lambda at, _: f"{at.month:02d}",
    "mmm": lambda at, words: _MONTHS[words].split()[at.month - 1][:3],
    "mmmm": lambda at, words: _MONTHS[words].split()[at.month - 1],
    "mmmmm": lambda at, words: _MONTHS[words].split()[at.month - 1][:1].upper(),
    "d": lambda at, _: str(at.day),
    "dd": lambda at, _: f"{at.day:02d}",
    "ddd": lambda at, words: _DAYS[words].split()[at.weekday()][:3],
    "dddd": lambda at, words: _DAYS[words].split()[at.weekday()],
    "s": lambda at, _: str(at.second),
    "ss": lambda at, _: f"{at.second:02d}",
}


def _error_text(error: Json) -> str:
    return _ERRORS.get(error["type"], "#ERROR!")
