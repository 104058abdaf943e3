"""Names of attachments that are paths, devices, markup or far too long. Nothing is ever written under such a name."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.case import Case, typed

_NAMES = {
    "up": b'"../../../etc/cron.d/x"',
    "backslash": b'"..\\\\..\\\\windows\\\\x.exe"',
    "absolute": b'"/etc/passwd"',
    "device": b'"CON"',
    "long": b'"' + b"\r\n ".join([b"a" * 900] * 6) + b'.pdf"',
    "dot": b'".htaccess"',
    "nul": b'"invoice\x00.pdf"',
    "markup": b'"<script>alert(1)</script>.png"',
    "percent": b'"%2e%2e%2fx"',
    "leader": '"‥/x"'.encode(),
    "override": '"invoice\u202efdp.exe"'.encode(),
    "two": b'"a.pdf"; filename="b.exe"; filename*=utf-8\'\'c.js',
    "bad-charset": b"x; filename*=idna''%ff%fe",
}


def cases() -> Iterator[Case]:
    for word, value in _NAMES.items():
        name = f"attachment-{word}"
        part = (
            b"--a\r\nContent-Type: text/plain\r\n\r\nPlease see the picture of my broken washing machine.\r\n"
            b"--a\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename="
            + value
            + b"\r\n"
            b"Content-Transfer-Encoding: base64\r\n\r\nAAAA\r\n--a--\r\n"
        )
        yield Case(name, f"attachment name: {word}", typed(name, b"multipart/mixed; boundary=a", part))
