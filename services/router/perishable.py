"""What the router may forget, and when."""

from __future__ import annotations

from datetime import timedelta

from services.router.store import inbox, replies
from shared import quarantine
from shared.eventlog import retention
from shared.http.forgetting import ANSWERS
from shared.pruning import Perishable

# A mark is of use for as long as the log may bring its event again, and for as long again in case it keeps more.
MARKS = Perishable(name="marks of events taken", statement=inbox.PRUNE, kept=timedelta(days=2 * retention.DAYS))

REPLIES = Perishable(name="answers sent", statement=replies.PRUNE, kept=timedelta(days=retention.DAYS))

# What went back to the log is there, or was handled; what still waits for a person is never forgotten.
REPLAYED = Perishable(name="records replayed", statement=quarantine.PRUNE, kept=timedelta(days=retention.DAYS))

PERISHABLES = (ANSWERS, MARKS, REPLAYED, REPLIES)
