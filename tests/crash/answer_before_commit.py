"""A product with one bug on purpose: its doors answer half a second before the delivery is committed.

Run as the product's command (``answer_before_commit.py up --demo``), so that the crash harness is seen failing.
"""

from __future__ import annotations

import asyncio
from typing import Any

DELAY = 0.5


def plant() -> None:
    """Replace the acceptance by one that promises too early; chats, whose answer needs the commit, stay as they are."""
    from services.ingest.accept import Accept
    from services.ingest.channel import Delivery, Receipt

    submit = Accept.submit
    under_way: set[asyncio.Task[Any]] = set()

    async def too_early(self: Accept, delivery: Delivery) -> Receipt:
        if delivery.chat_session is not None:
            return await submit(self, delivery)
        task = asyncio.create_task(_later(submit(self, delivery)))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        return Receipt(delivery.id, 0, repeated=False)

    Accept.submit = too_early  # type: ignore[method-assign]


async def _later(committing: Any) -> None:
    await asyncio.sleep(DELAY)
    await committing


if __name__ == "__main__":
    from services.cli import main

    plant()
    main()
