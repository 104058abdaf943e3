"""The dump of the reference product."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bench.chaos.checker import Dump, dump

if TYPE_CHECKING:
    from tests.chaos.reference import Reference


def snapshot(product: Reference, *, capacity: int) -> Dump:
    """Everything that is in its stores."""
    states = {item.inquiry: item.state for item in product.items}
    states |= {inquiry: "completed" for thread in product.threads.values() for inquiry in thread}
    states |= {record.removeprefix("received-"): "quarantined" for record in product.quarantine}
    read = {"classifier": "inquiries.received", "router": "inquiries.classified"}
    progress = [
        dump.Progress(group=group, stream=read[group], partition=partition, committed=position)
        for (group, partition), position in product.positions.items()
    ]
    return Dump(
        at=product.now,
        inquiries=[
            dump.Inquiry(
                id=said.id,
                sha256=f"hash-{said.number}",
                state=states.get(said.id, "received"),
                accepted=place,
                since=0,
                conversation=said.conv,
            )
            for place, said in enumerate(product.receipts.values())
        ],
        messages=product.threads,
        work_items=[
            dump.WorkItem(id=i.id, inquiry=i.inquiry, conversation=i.conv, state=i.state, version=i.version, weight=1)
            for i in product.items
        ],
        offers=[
            dump.Offer(id=h.id, work_item=h.item.id, agent=h.agent, weight=1, state=h.state, expires_at=0)
            for h in product.holds
        ],
        assignments=[
            dump.Assignment(id=h.id, work_item=h.item.id, agent=h.agent, weight=1, since=h.since, ended_at=h.ended_at)
            for h in product.holds
            if h.since
        ],
        agents=[
            dump.Agent(id=agent, capacity=capacity, load=load, presence="available", idle_since=product.now)
            for agent, load in product.load.items()
        ],
        facts=product.facts,
        records=[record for stream in product.streams.values() for record in stream],
        progress=progress,
        effects={
            "classifier": frozenset(product.classified | product.quarantine),
            "router": frozenset(product.inbox | product.quarantine),
        },
        published=product.published,
    )
