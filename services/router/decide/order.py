"""Which of two waiting items goes first: the one whose virtual due time is earlier.

A head start in minutes for urgency and priority turns into an earlier due time, so the order of two items never changes
while they wait: everything ages alike, nothing starves, and heaps need no rebuilding.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from services.router.decide.work import WaitingItem

_PER_URGENCY = timedelta(minutes=30)
_PER_PRIORITY = timedelta(minutes=3)
_DEFAULT_TARGET = timedelta(hours=4)
# A customer who stands at a desk or sits in a chat waits now, whatever the queue's target for first response is.
_PRESENT = {
    "desk": timedelta(minutes=1),
    "chat": timedelta(minutes=1),
    "voicemail": timedelta(minutes=15),
}

Rank = tuple[datetime, datetime, str]


def rank(item: WaitingItem) -> Rank:
    """Smaller goes first; equal ones go oldest first."""
    due = item.first_response_due or item.received_at + _DEFAULT_TARGET
    due = min(due, item.received_at + _PRESENT.get(item.channel, _DEFAULT_TARGET * 100))
    head_start = (item.urgency - 1) * _PER_URGENCY + item.priority * _PER_PRIORITY
    return due - head_start, item.received_at, item.id
