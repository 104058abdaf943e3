"""Charset names that are no charset: Python has codecs for zip files and domain names, and asks no questions."""

from __future__ import annotations

from collections.abc import Iterator

from tests.hostile.case import Case, mail, typed

_NAMES = (
    "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "zlib", "rot13", "utf-7", "utf-16",
    "utf_8_sig", "hz", "iso2022_jp_2", "x-no-such-charset", "../../etc/passwd", "utf-8\x00", "",
)  # fmt: skip
_LABELS = (
    ("windows-1250", "pl", "Gdzie jest moja paczka? Zamówiłem ją tydzień temu, źle się dzieje."),
    ("windows-1252", "de", "Wo bleibt mein Paket? Die Lieferung ist längst überfällig."),
    ("windows-1257", "lv", "Kur ir mans sūtījums? Es to pasūtīju pirms nedēļas, lūdzu, atbildiet."),
    ("iso-8859-1", "da", "Hvor er min pakke? Jeg har ikke fået den endnu, og øjeblikket er kommet."),
    ("iso-8859-2", "pl", "Proszę o zwrot pieniędzy, ponieważ towar był uszkodzony już wcześniej."),
    ("iso-8859-13", "lv", "Mana veļas mašīna nedarbojas pēc remonta, lūdzu, palīdziet."),
)


def cases() -> Iterator[Case]:
    for number, charset in enumerate(_NAMES):
        name = f"charset-{number:02}"
        content_type = b'text/plain; charset="' + charset.encode("latin-1") + b'"'
        yield Case(
            name, f"charset={charset!r} in the body", typed(name, content_type, b"Where is my parcel?\xff\xfe\r\n")
        )
    for charset in ("idna", "undefined", "zlib"):
        name = f"charset-word-{charset}"
        word = b"=?" + charset.encode() + b"?B?8J+YgP8=?="
        yield Case(name, f"{charset} in an encoded subject", mail(name, headers={b"Subject": word}))
    for charset, language, text in _LABELS:
        name = f"charset-wrong-{charset}"
        body = text.encode(charset, "replace")
        reason = f"{language} in {charset}, labelled utf-8"
        yield Case(name, reason, typed(name, b"text/plain; charset=utf-8", body, encoding=b"8bit"))
    twice = "Förseningen är för lång".encode().decode("latin-1").encode()
    yield Case("charset-twice", "encoded twice", typed("charset-twice", b"text/plain; charset=utf-8", twice))
