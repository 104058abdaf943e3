"""Chat on web sites: a WebSocket for our own widget, the widget itself, and its demo page."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from fastapi import APIRouter, WebSocket
from starlette.responses import Response

from services.ingest.channel import Door
from services.ingest.chat.dialogue import REFUSED, Dialogue
from services.ingest.chat.sockets import OVERLOAD, Sockets
from services.ingest.chat.tokens import Tokens
from services.ingest.world import DEMO_SITE, ChatSite, World
from shared.domain.inquiry import Channel

_FILES = Path(__file__).parent.parent / "widget"


def open_channel(world: World) -> Door:
    """The chat door; without a site it refuses everybody."""
    sites = {site.name: site for site in world.doors.chat_sites}
    sockets = Sockets(world.pool, world.wakeups)
    tokens = Tokens(world.pool, world.clock)
    router = APIRouter()

    @router.websocket("/api/v1/chat")
    async def chat(websocket: WebSocket, site: str = "") -> None:
        """The chat protocol; each message is an inquiry, acknowledged after its commit."""
        await websocket.accept()  # a close code reaches the client only over an accepted socket
        code = _refusal(websocket, sites.get(site), sockets)
        if code is not None:
            world.metrics.refused.labels(channel=Channel.CHAT.value, code=f"close-{code}").inc()
            await websocket.close(code)
            return
        sockets.connected += 1
        try:
            await Dialogue(
                site=site,
                websocket=websocket,
                accept=world.accept,
                pool=world.pool,
                tokens=tokens,
                sockets=sockets,
                clock=world.clock,
                metrics=world.metrics,
            ).run()
        finally:
            sockets.connected -= 1

    _offer_file(router, "/chat/widget.js", "widget.js", "text/javascript")
    if DEMO_SITE in sites:
        _offer_file(router, "/chat-demo", "demo.html", "text/html")
        _offer_file(router, "/chat/demo.css", "demo.css", "text/css")
    return Door("web_chat", router, loops=[sockets])


def _refusal(websocket: WebSocket, site: ChatSite | None, sockets: Sockets) -> int | None:
    origin = websocket.headers.get("origin")
    if site is None or not _welcome(site, origin, websocket.headers.get("host", "")):
        return REFUSED
    return OVERLOAD if sockets.full else None


def _welcome(site: ChatSite, origin: str | None, host: str) -> bool:
    """Browsers let any page open a socket and only say which; so the list is ours to keep."""
    if origin is None:
        return site.open_to_own_page
    if origin.lower() in {each.rstrip("/").lower() for each in site.origins}:
        return True
    return site.open_to_own_page and urlsplit(origin).netloc == host


def _offer_file(router: APIRouter, path: str, name: str, media_type: str) -> None:
    async def answer() -> Response:
        body = (_FILES / name).read_bytes()
        headers = {"Cache-Control": "no-cache"}
        if name == "widget.js":
            # Other sites load it by design.
            headers |= {"Cross-Origin-Resource-Policy": "cross-origin", "Access-Control-Allow-Origin": "*"}
        return Response(body, media_type=media_type, headers=headers)

    router.add_api_route(path, answer, methods=["GET"], include_in_schema=False)
