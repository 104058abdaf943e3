"""Mail by machines. Answers of machines open no work, or two of them write to each other for ever; other mail does."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.case import Case, mail, typed

_MARKS = {
    "auto-submitted": b"Auto-Submitted: auto-replied\r\n",
    "precedence": b"Precedence: auto_reply\r\n",
    "absence": b"X-Autoreply: yes\r\nAuto-Submitted: auto-replied (vacation)\r\n",
}
_MADE_BY_MACHINES = {
    "auto-generated": b"Auto-Submitted: auto-generated\r\n",
    "bulk": b"Precedence: bulk\r\n",
    "list": b"List-Id: <shoppers.customers.example>\r\n",
}
_ABSENCE = {
    "de": "Ich bin bis Montag nicht im Büro.",
    "sv": "Jag är inte på kontoret förrän på måndag.",
    "da": "Jeg er ikke på kontoret før mandag.",
    "pl": "Jestem poza biurem do poniedziałku.",
    "lv": "Esmu prom no biroja līdz pirmdienai.",
    "en": "I am out of the office until Monday.",
}


def cases() -> Iterator[Case]:
    for word, line in _MARKS.items():
        name = f"automatic-{word}"
        yield Case(name, f"marked {word}", mail(name, extra=line), opens_work=False)
    for word, line in _MADE_BY_MACHINES.items():
        name = f"automatic-{word}"
        yield Case(name, f"made by a machine, {word}, but somebody's wish", mail(name, extra=line))
    for language, text in _ABSENCE.items():
        name = f"automatic-absence-{language}"
        yield Case(name, f"absence note in {language}", _absence(name, text), opens_work=False)
    for name, blank in (("automatic-bounce", b"\r\n"), ("automatic-bounce-torn", b"")):
        yield Case(name, "a bounce of our own mail", _bounce(name, blank), opens_work=False)
    receipt = b"multipart/report; report-type=disposition-notification; boundary=r"
    yield Case("automatic-read", "a read receipt", typed("automatic-read", receipt, _READ), opens_work=False)


def _absence(name: str, text: str) -> bytes:
    extra = b"Auto-Submitted: auto-replied\r\nContent-Type: text/plain; charset=utf-8\r\n"
    return mail(name, extra=extra, body=text.encode())


def _bounce(name: str, blank: bytes) -> bytes:
    report = (
        b"--r\r\nContent-Type: text/plain\r\n\r\nThe address was not found.\r\n"
        b"--r\r\nContent-Type: message/delivery-status\r\n" + blank + b"Action: failed\r\nStatus: 5.1.1\r\n--r--\r\n"
    )
    return typed(name, b"multipart/report; report-type=delivery-status; boundary=r", report)


_READ = (
    b"--r\r\nContent-Type: text/plain\r\n\r\nThe mail was displayed.\r\n"
    b"--r\r\nContent-Type: message/disposition-notification\r\n\r\nDisposition: manual-action/MDN; displayed\r\n--r--\r\n"
)
