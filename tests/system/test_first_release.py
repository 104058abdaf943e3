"""The main job on the real product: each door, and the right agent has the offer within 2 s of the sending."""

from __future__ import annotations

import asyncio
import json
import time
from email.message import EmailMessage
from typing import Any
from uuid import uuid4

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect

from bench.load.post import hand_over
from bench.load.product import API_KEY, Product
from tests.system.person import Person

pytestmark = pytest.mark.system

OFFER_SECONDS = 4
GERMAN = (
    "Guten Tag,\n\nmeine Kreditkarte wurde für die Rechnung 4711 zweimal belastet. "
    "Bitte erstatten Sie mir den doppelt abgebuchten Betrag umgehend.\n\nMit freundlichen Grüßen\nUwe Kern\n"
)
POLISH = (
    "Dzień dobry, dzwonię w sprawie mojej paczki. Miała przyjść w zeszłym tygodniu i nadal jej nie ma. "
    "Proszę o telefon i informację, kiedy zostanie dostarczona."
)
LATVIAN = "Labdien! Mana veļas mašīna pēc remonta atkal nedarbojas. Lūdzu, atsūtiet meistaru šonedēļ."
SWEDISH = "Hej! Jag har inte fått mitt paket än, det skulle ha kommit i fredags. Kan ni se var det är?"


async def test_a_german_mail_about_a_double_card_charge_goes_to_jana(quiet: Product) -> None:
    async with Person.signed_in(quiet.run["http"], "jana") as jana:
        await jana.is_("available")
        answered = await hand_over(quiet.run["lmtp"], _mail(GERMAN))
        assert answered.code == 250
        assert answered.text == f"2.0.0 {answered.inquiry_id} accepted"
        offer = await jana.offer_of(str(answered.inquiry_id), seconds=2 - answered.seconds)
        shown = await jana.get(f"/inquiries/{answered.inquiry_id}")
        assert shown["classification"]["language"]["value"] == "de"
        assert shown["routing"]["queue"] == "billing-dach"
        assert "language.de" in {required["skill"] for required in shown["routing"]["requires"]}
        decision = await jana.get(f"/decisions/{offer['decision_id']}")
        assert decision["chosen"]["agent_id"] == jana.agent_id
        assert decision["rule_trace"][-1]["matched"] is True
        conversation = await jana.works_off(offer)
        assert "zweimal belastet" in conversation["messages"][0]["text"]
        await jana.state_of(str(answered.inquiry_id), "completed")
        await jana.is_("offline")


async def test_a_polish_voicemail_goes_to_piotr(quiet: Product) -> None:
    call = {
        "call_id": uuid4().hex,
        "from": "+48600100200",
        "to": "+48600000000",
        "language": None,
        "text": POLISH,
        "duration": 31.5,
    }
    await _goes_to(quiet, "piotr", "voicemails", call, language="pl")


async def test_a_latvian_inquiry_by_rest_goes_to_ilze(quiet: Product) -> None:
    await _goes_to(quiet, "ilze", "inquiries", {"text": LATVIAN}, language="lv")


async def test_a_voicemail_as_webvtt_goes_to_piotr(quiet: Product) -> None:
    spoken = f"WEBVTT\n\n00:00:00.000 --> 00:00:09.500\n{POLISH}\n"
    query = {"call_id": uuid4().hex, "from": "+48600100200", "to": "+48600000000", "language": "pl"}
    async with Person.signed_in(quiet.run["http"], "piotr") as piotr, _integrator(quiet, content="text/vtt") as client:
        await piotr.is_("available")
        answer = await client.post("/voicemails", params=query, content=spoken.encode())
        assert answer.status_code == 202, answer.text
        await piotr.works_off(await piotr.offer_of(answer.json()["id"]))
        await piotr.is_("offline")


async def test_a_swedish_chat_goes_to_astrid_and_her_answer_comes_back_on_the_socket(quiet: Product) -> None:
    socket_url = quiet.run["http"].replace("http", "ws", 1) + "/api/v1/chat?site=demo"
    async with Person.signed_in(quiet.run["http"], "astrid") as astrid, connect(socket_url) as socket:
        await astrid.is_("available")
        await _say(socket, type="start", name=None, language=None)
        assert (await _hear(socket, "started"))["seq"] == 0
        sent = time.monotonic()
        await _say(socket, type="send", client_id="c1", text=SWEDISH)
        ack = await _hear(socket, "ack")
        assert (ack["client_id"], ack["seq"]) == ("c1", 1)
        offer = await astrid.offer_of(ack["inquiry_id"], seconds=2 - (time.monotonic() - sent))
        await astrid.does(f"/offers/{offer['id']}/accept", {})
        answer = "Hej, det är Astrid. Paketet kommer i morgon."
        await astrid.does(f"/conversations/{offer['conversation_id']}/messages", {"text": answer})
        heard = await _hear(socket, "message")
        assert (heard["from"], heard["text"], heard["seq"]) == ("agent", answer, 2)
        done = {"outcome": "resolved", "note": None}
        await astrid.does(f"/conversations/{offer['conversation_id']}/complete", done)
        await astrid.is_("offline")


async def test_an_unanswered_offer_leaves_and_comes_back_as_another(quiet: Product) -> None:
    async with Person.signed_in(quiet.run["http"], "mads") as mads, _integrator(quiet) as client:
        await mads.is_("available")
        inquiry_id = await _posted(client, "Hej, min pakke er ikke kommet frem endnu. Kan I se, hvor den er henne?")
        offer = await mads.offer_of(inquiry_id)
        lapsed = await mads.ended(offer, seconds=OFFER_SECONDS + 1)
        assert lapsed["state"] == "lapsed"
        too_late = await mads.post(f"/offers/{offer['id']}/accept", {})
        assert (too_late.status_code, too_late.json()["code"]) == (410, "offer-lapsed")
        second = await mads.offer_of(inquiry_id, seconds=10)
        assert second["id"] != offer["id"]
        await mads.works_off(second)
        await mads.is_("offline")


async def test_who_goes_away_takes_no_offer_along(quiet: Product) -> None:
    async with Person.signed_in(quiet.run["http"], "mads") as mads, _integrator(quiet) as client:
        await mads.is_("available")
        inquiry_id = await _posted(client, "Hej, jeg vil gerne returnere mine sko. Hvordan gør jeg det bedst?")
        offer = await mads.offer_of(inquiry_id)
        await mads.is_("away")
        waiting = await mads.state_of(inquiry_id, "waiting")
        assert waiting["routing"]["waiting"]["reason"]
        assert waiting["routing"]["waiting"]["next_check_at"]
        gone = await mads.post(f"/offers/{offer['id']}/accept", {})
        assert (gone.status_code, gone.json()["code"]) == (410, "offer-withdrawn")
        await mads.is_("available")
        await mads.works_off(await mads.offer_of(inquiry_id))
        await mads.is_("offline")


async def test_a_declined_inquiry_goes_to_somebody_else_and_never_back(quiet: Product) -> None:
    http = quiet.run["http"]
    async with (
        Person.signed_in(http, "emma") as emma,
        Person.signed_in(http, "oliver") as oliver,
        _integrator(quiet) as client,
    ):
        await emma.is_("available")
        inquiry_id = await _posted(client, "Hello, I would like to change the address of my account. How do I do that?")
        offer = await emma.offer_of(inquiry_id)
        declined = await emma.post(
            f"/offers/{offer['id']}/decline", {"reason": "too_much", "note": None, "should_be": None}
        )
        assert declined.status_code == 200, declined.text
        await oliver.is_("available")
        second = await oliver.offer_of(inquiry_id)
        gone = await emma.post(f"/offers/{offer['id']}/accept", {})
        assert (gone.status_code, gone.json()["code"]) == (410, "offer-declined")
        await oliver.works_off(second)
        await emma.is_("offline")
        await oliver.is_("offline")


async def test_accepting_twice_is_accepting_once(quiet: Product) -> None:
    async with Person.signed_in(quiet.run["http"], "ilze") as ilze, _integrator(quiet) as client:
        await ilze.is_("available")
        offer = await ilze.offer_of(await _posted(client, LATVIAN + " Paldies!"))
        answers = await asyncio.gather(*(ilze.post(f"/offers/{offer['id']}/accept", {}) for _ in range(5)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["assignment"]["id"] for answer in answers}) == 1
        done = {"outcome": "resolved", "note": None}
        await ilze.does(f"/conversations/{offer['conversation_id']}/complete", done)
        await ilze.is_("offline")


async def _goes_to(product: Product, username: str, door: str, body: dict[str, Any], *, language: str) -> None:
    async with Person.signed_in(product.run["http"], username) as agent, _integrator(product) as client:
        await agent.is_("available")
        sent = time.monotonic()
        answer = await client.post(f"/{door}", json=body, headers={"Idempotency-Key": uuid4().hex})
        assert answer.status_code == 202, answer.text
        inquiry_id = answer.json()["id"]
        assert (await client.get(f"/inquiries/{inquiry_id}")).status_code == 200, "right after the 202"
        offer = await agent.offer_of(inquiry_id, seconds=2 - (time.monotonic() - sent))
        shown = await agent.get(f"/inquiries/{inquiry_id}")
        assert shown["classification"]["language"]["value"] == language
        await agent.works_off(offer)
        await agent.is_("offline")


def _integrator(product: Product, *, content: str = "application/json") -> httpx.AsyncClient:
    headers = {"Authorization": f"Bearer {API_KEY}", "Content-Type": content}
    return httpx.AsyncClient(base_url=product.run["http"] + "/api/v1", headers=headers, timeout=15)


async def _posted(client: httpx.AsyncClient, text: str) -> str:
    answer = await client.post("/inquiries", json={"text": text})
    assert answer.status_code == 202, answer.text
    inquiry_id: str = answer.json()["id"]
    return inquiry_id


def _mail(text: str) -> bytes:
    mail = EmailMessage()
    mail["From"] = "Uwe Kern <uwe.kern@kunden.example>"
    mail["To"] = "info@shop.example"
    mail["Subject"] = "Karte doppelt belastet"
    mail["Message-ID"] = f"<{uuid4()}@kunden.example>"
    mail.set_content(text)
    return mail.as_bytes()


async def _say(socket: ClientConnection, **frame: Any) -> None:
    await socket.send(json.dumps(frame))


async def _hear(socket: ClientConnection, kind: str) -> dict[str, Any]:
    async with asyncio.timeout(5):
        async for frame in socket:
            answer: dict[str, Any] = json.loads(frame)
            if answer["type"] == kind:
                return answer
    raise AssertionError(f"no {kind} came")
