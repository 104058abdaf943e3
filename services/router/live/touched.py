"""Which objects of one client's views facts may have changed, and what has become of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from uuid import UUID

from services.router.live import objects
from services.router.live.objects import Ref, Row
from services.router.live.views import AGENTS, DESK, ME, Key, seat_of, sees_all_work
from services.router.store.events import Recorded
from services.router.store.reader import Reader
from shared.access.caller import Caller


class Touched:
    """``keys`` is what concerns the client at the moment; ``lost`` is set when a view that was gone is back."""

    def __init__(self, *, caller: Caller, names: Collection[str], items: Collection[UUID], keys: set[Key]) -> None:
        self._agent = seat_of(caller)
        self._only_for = None if sees_all_work(caller) else self._agent
        self._names = names
        self._items = items
        self._keys = keys
        self._out_of_sight: set[UUID] = set()
        self.lost = False

    async def read(self, reader: Reader, facts: Sequence[Recorded]) -> dict[Ref, Row | None]:
        """The objects as they are now, ``None`` for those that have left the views: one query a kind."""
        ids: dict[str, list[UUID]] = defaultdict(list)
        for kind, row_id in self._of(facts):
            ids[kind].append(UUID(row_id))
        shown: dict[Ref, Row | None] = {}
        if self._agent is not None and ids["presence"]:
            shown |= await objects.presence(reader, self._agent)
        if ids["agent"]:
            shown |= await objects.agent_parts(reader, ids["agent"])
        if self._agent is not None and DESK in self._names and (ids["offer"] or ids["conversation"]):
            shown |= await objects.desk_parts(reader, self._agent, ids["offer"], ids["conversation"])
        for conversation in set(self._items) & set(ids["conversation"]):
            shown |= await self._item(reader, conversation, ids["message"])
        return shown

    def refs(self, facts: Sequence[Recorded], shown: Mapping[Ref, Row | None]) -> list[Ref]:
        """Those of ``shown`` that ``facts`` have touched; messages that went out of sight go with any of them."""
        touched = self._of(facts)
        unseen = [ref for ref, row in shown.items() if row is None and ref[0] == "message"]
        return [ref for ref in dict.fromkeys([*touched, *unseen]) if ref in shown]

    async def _item(self, reader: Reader, conversation: UUID, touched: Collection[UUID]) -> dict[Ref, Row | None]:
        parts = await objects.item_parts(reader, conversation, touched, only_for=self._only_for)
        in_sight = parts.get(("conversation", str(conversation))) is not None
        if in_sight and conversation in self._out_of_sight:
            self.lost = True
        if not in_sight:
            self._out_of_sight.add(conversation)
        return parts

    def _of(self, facts: Sequence[Recorded]) -> list[Ref]:
        return list(dict.fromkeys(ref for recorded in facts for ref in self._refs(recorded)))

    def _refs(self, recorded: Recorded) -> Iterator[Ref]:
        data = recorded.fact.data
        agent, conversation = data.get("agent_id"), data.get("conversation_id")
        mine = self._agent is not None and agent == str(self._agent)
        if ME in self._names and mine:
            yield "presence", str(agent)
        if AGENTS in self._names and agent is not None:
            yield "agent", str(agent)
        if DESK in self._names and mine and "offer_id" in data:
            yield "offer", data["offer_id"]
        if conversation is None:
            return
        viewed = UUID(conversation) in self._items
        on_desk = ("conversation", conversation) in self._keys or (mine and "assignment_id" in data)
        if viewed or (DESK in self._names and on_desk):
            yield "conversation", conversation
        if viewed and recorded.fact.type == "message.added":
            yield "message", data["message_id"]
