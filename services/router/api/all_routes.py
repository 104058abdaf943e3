"""Every route of the router but the live ones, which have ports of their own."""

from __future__ import annotations

from fastapi import APIRouter

from services.router.api import agents, conversations, decisions, offers, presence, quarantine, rulesets
from services.router.api.ports import Ports

NOUNS = (presence, offers, conversations, decisions, agents, rulesets, quarantine)


def routes(ports: Ports) -> APIRouter:
    """The routes of all nouns, with their full paths."""
    router = APIRouter()
    for noun in NOUNS:
        router.include_router(noun.routes(ports))
    return router
