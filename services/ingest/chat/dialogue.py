"""One client's side of the protocol: frame in, commit, frame out. A message is acknowledged after its commit."""

from __future__ import annotations

import asyncio
from uuid import UUID, uuid4

import asyncpg
from starlette.websockets import WebSocket, WebSocketDisconnect

from services.ingest.answering import body_hash, counted
from services.ingest.channel import Accepting, Delivery, Draft
from services.ingest.chat import frames
from services.ingest.chat.frames import End, Frame, Resume, Send, Start
from services.ingest.chat.sockets import Socket, Sockets
from services.ingest.chat.tokens import Tokens
from services.ingest.forms import language_hint
from services.ingest.store import chat
from services.ingest.store.chat import Line, Session
from shared.clock import Clock
from shared.database.connection import translate
from shared.domain.ids import inquiry_id
from shared.domain.inquiry import Channel, Sender
from shared.errors import Overloaded, Temporary
from shared.http.rate import Rate, RateLimiter
from shared.telemetry import Metrics

REFUSED = 1008
TOO_BIG = 1009
_RATE = Rate(per_second=1.0, burst=5)


class Dialogue:
    """Talks with one client until it goes."""

    def __init__(
        self,
        *,
        site: str,
        websocket: WebSocket,
        accept: Accepting,
        pool: asyncpg.Pool[asyncpg.Record],
        tokens: Tokens,
        sockets: Sockets,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._site = site
        self._websocket = websocket
        self._accept = accept
        self._pool = pool
        self._tokens = tokens
        self._sockets = sockets
        self._metrics = metrics
        self._limiter = RateLimiter(_RATE, clock)
        self._socket = Socket(websocket)
        self._session: Session | None = None

    async def run(self) -> None:
        """Serve until the client goes or is let go."""
        writer = asyncio.create_task(self._socket.write())
        reader = asyncio.create_task(self._read())
        try:
            await asyncio.wait([writer, reader], return_when=asyncio.FIRST_COMPLETED)
            if reader.done():
                await asyncio.wait([writer], timeout=1)  # a close that is on its way
        finally:
            if self._session is not None:
                self._sockets.drop(self._session.id, self._socket)
            for task in (writer, reader):
                task.cancel()
            await asyncio.gather(writer, reader, return_exceptions=True)

    async def _read(self) -> None:
        try:
            while True:
                text = await self._websocket.receive_text()
                if len(text.encode("utf-8", "surrogatepass")) > frames.LARGEST_FRAME:
                    self._socket.close(TOO_BIG)
                    return
                await self._take(text)
        except (WebSocketDisconnect, RuntimeError):  # gone, also by starlette's other word for it
            self._socket.close(1000)
        except KeyError:  # a binary frame has no text
            self._socket.close(1003)

    async def _take(self, text: str) -> None:
        try:
            frame = frames.read(text)
        except frames.BadFrame as bad:
            self._socket.say(frames.error("invalid", bad.client_id))
            return
        client_id = frame.client_id if isinstance(frame, Send) else None
        try:
            await self._answer(frame)
        except Overloaded:
            self._socket.close(1013)
        except Temporary:
            self._socket.say(frames.error("unavailable", client_id))

    async def _answer(self, frame: Frame) -> None:
        if isinstance(frame, Start | Resume):
            if self._session is not None:
                self._socket.say(frames.error("already-started"))
            elif isinstance(frame, Start):
                await self._start(frame)
            else:
                await self._resume(frame)
        elif self._session is None:
            self._socket.say(frames.error("not-started", frame.client_id if isinstance(frame, Send) else None))
        elif isinstance(frame, Send):
            await self._send(frame, self._session)
        elif isinstance(frame, End):
            await self._end(self._session)

    async def _start(self, frame: Start) -> None:
        session = Session(uuid4(), self._site, frame.name or None, language_hint(frame.language), 0)
        token = await self._tokens.make(self._site, session.id)
        with translate():
            await chat.start(self._pool, session)
        self._session = session
        self._socket.say(frames.started(token))
        self._sockets.hold(session.id, self._socket)

    async def _resume(self, frame: Resume) -> None:
        session_id = await self._tokens.read(frame.token, self._site)
        with translate():
            session = await chat.session(self._pool, session_id) if session_id else None
        if session is None:
            self._socket.close(REFUSED)
            return
        token = await self._tokens.make(self._site, session.id)
        self._session = session
        self._socket.seen = frame.last_seq
        self._socket.say(frames.resumed(session.last_seq, token))
        self._sockets.hold(session.id, self._socket)

    async def _send(self, frame: Send, session: Session) -> None:
        if self._limiter.take("").retry_after > 0:
            self._metrics.refused.labels(channel=Channel.CHAT.value, code="rate-limited").inc()
            self._socket.say(frames.error("rate-limited", frame.client_id))
            return
        native = f"{session.id}:{frame.client_id}"
        its_id = inquiry_id(f"chat:{self._site}", "chat", native)
        with counted(self._metrics, Channel.CHAT):
            with translate():
                context = await chat.context(self._pool, session.id, but=str(its_id))
            receipt = await self._accept.submit(
                Delivery(
                    caller=f"chat:{self._site}",
                    door="chat",
                    channel=Channel.CHAT,
                    native_id=native,
                    raw=frame.text.encode(),
                    content_type="text/plain; charset=utf-8",
                    draft=_draft(frame, session, context),
                    body_hash=body_hash(frame.text.encode()),
                    chat_session=session.id,
                )
            )
        self._socket.say(frames.ack(frame.client_id, receipt.chat_seq, receipt.id))

    async def _end(self, session: Session) -> None:
        ending = Line(session.id, f"end:{uuid4()}", "ended", None, chat.LEFT)
        with translate():
            await chat.place(self._pool, [ending])


def _draft(frame: Send, session: Session, context: str | None) -> Draft:
    thread = thread_of(session.id)
    return Draft(
        channel=Channel.CHAT,
        key=thread,
        sender=Sender(name=session.name, handle=f"visitor:{session.id}"),
        text=frame.text,
        context=context,
        language_hint=session.language,
        references=(thread,),
    )


def thread_of(session_id: UUID) -> str:
    """The name by which a session's messages are one conversation."""
    return f"chat:{session_id}"
