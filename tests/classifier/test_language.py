"""The language is found in short and plain texts of all six, and not claimed for anything else."""

from __future__ import annotations

import pytest

from services.classifier.pipeline import Pipeline, Question
from services.classifier.text import strip_marks

SHORT = [
    ("de", "Wo bleibt mein Paket?"),
    ("de", "Ich möchte meinen Vertrag kündigen."),
    ("de", "Guten Tag, meine Karte wurde zweimal belastet."),
    ("en", "Where is my parcel?"),
    ("en", "I would like to cancel my contract."),
    ("en", "Please call me back about the bill."),
    ("sv", "Var är mitt paket?"),
    ("sv", "Jag vill säga upp mitt avtal."),
    ("sv", "Kan ni ringa mig om fakturan?"),
    ("da", "Hvor er min pakke?"),
    ("da", "Jeg vil gerne opsige min aftale."),
    ("da", "Kan I ringe til mig om regningen?"),
    ("pl", "Gdzie jest moja paczka?"),
    ("pl", "Chcę wypowiedzieć umowę."),
    ("pl", "Proszę o telefon w sprawie rachunku."),
    ("lv", "Kur ir mans sūtījums?"),
    ("lv", "Es vēlos lauzt līgumu."),
    ("lv", "Lūdzu, piezvaniet man par rēķinu."),
]
FIRST_DAY = [
    ("de", "Sehr geehrte Damen und Herren, auf meiner Kreditkarte wurde Ihre Rechnung vom 2. März doppelt abgebucht."),
    ("sv", "Hej! Jag beställde en jacka förra veckan men den har inte kommit än."),
    ("pl", "dzień dobry dzwonię bo pralka po naprawie znowu nie działa no i chciałbym żeby ktoś oddzwonił"),
    ("lv", "Labdien! Vēlos uzzināt, kad būs gatavs mans remontā nodotais telefons."),
]
FOREIGN = [
    "Bonjour, je n'ai toujours pas reçu ma commande, pouvez-vous m'aider ?",
    "Hola, quiero devolver los zapatos que compré la semana pasada.",
    "Buongiorno, vorrei sapere quando arriva il mio ordine.",
    "Goedemiddag, mijn pakket is nog steeds niet aangekomen.",
    "Hei, tilaukseni ei ole vieläkään saapunut, voitteko auttaa?",
    "Tere, minu pakk ei ole ikka veel kohale jõudnud.",
    "Laba diena, dar negavau savo siuntos, ar galite padėti?",
    "Здравствуйте, моя посылка до сих пор не пришла.",
    "Dobrý den, můj balík stále nedorazil, můžete mi pomoci?",
    "Olá, ainda não recebi a minha encomenda, podem ajudar?",
    "Merhaba, siparişim hâlâ gelmedi, yardımcı olur musunuz?",
    "您好，我的包裹还没有到。",
]


def _language(pipeline: Pipeline, text: str, hint: str | None = None) -> tuple[str, float]:
    (answer,) = pipeline.classify([Question(text, language_hint=hint)])
    assert answer.language.confidence is not None
    return answer.language.value, answer.language.confidence


@pytest.mark.parametrize(("language", "text"), SHORT + FIRST_DAY)
def test_the_language_of_a_short_text_is_found(pipeline: Pipeline, language: str, text: str) -> None:
    assert _language(pipeline, text)[0] == language


@pytest.mark.parametrize(("language", "text"), SHORT + FIRST_DAY)
def test_the_language_is_found_without_diacritics(pipeline: Pipeline, language: str, text: str) -> None:
    assert _language(pipeline, strip_marks(text.lower()))[0] == language


@pytest.mark.parametrize(("language", "text"), FIRST_DAY)
def test_the_first_texts_that_a_user_tries_are_found_beyond_doubt(pipeline: Pipeline, language: str, text: str) -> None:
    assert _language(pipeline, text)[1] > 0.95


@pytest.mark.parametrize("text", FOREIGN)
def test_a_foreign_text_is_undetermined_and_its_topic_is_not_claimed(pipeline: Pipeline, text: str) -> None:
    (answer,) = pipeline.classify([Question(text)])
    assert answer.language.value == "und"
    assert answer.abstained


@pytest.mark.parametrize("text", ["", "   ", "12345", "???", "😀😀", "+49 171 123456", "a@b.example", "\n\n"])
def test_a_text_without_words_is_undetermined(pipeline: Pipeline, text: str) -> None:
    assert _language(pipeline, text) == ("und", 1.0)


@pytest.mark.parametrize(("hint", "language"), [("sv", "sv"), ("da-DK", "da"), ("fr", "und"), (None, "und")])
def test_a_word_that_two_languages_share_follows_the_hint(pipeline: Pipeline, hint: str | None, language: str) -> None:
    assert _language(pipeline, "hej", hint)[0] == language


def test_a_wrong_hint_does_not_outweigh_a_sentence(pipeline: Pipeline) -> None:
    text = "Jag vill säga upp mitt abonnemang så snart som möjligt, tack."
    assert _language(pipeline, text, "de")[0] == "sv"
