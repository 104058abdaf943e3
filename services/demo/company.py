"""The demo company in a running product: loaded, introduced, and brought to life."""

from __future__ import annotations

from collections.abc import Sequence

from services.bootstrap import Parts
from services.demo import load
from services.demo.desk import SimulatedAgent
from services.demo.doors import Doors
from services.demo.people import people
from services.demo.traffic import Traffic
from shared.database.connection import translate
from shared.runfile import RunFile
from shared.service import Service

CHANNELS = load.CHANNELS

# Sessions of agents that an earlier run simulated are still there, so only those made since the start are counted.
_OCCUPIED = """
SELECT (
    SELECT count(*) > 1 FROM access.session JOIN access."user" AS person ON person.id = user_id
    WHERE username = $1 AND session.created_at >= $2
) OR EXISTS (
    SELECT FROM router.agent WHERE username = $1 AND stream_seen_at > now() - interval '1 minute'
)
"""


class DemoCompany:
    """People and customers who are not there."""

    def __init__(self, *, parts: Parts) -> None:
        self._parts = parts
        self._since = parts.clock.now()
        settings = parts.settings
        self._given = load.credentials(password=settings.demo_password, api_key=settings.demo_api_key)

    async def load(self) -> None:
        """Put it into the database; may be repeated."""
        settings = self._parts.settings
        await load.load_company(
            self._parts.pool, self._parts.access, self._given, offer_seconds=settings.demo_offer_seconds
        )

    def introduce(self, run: RunFile) -> None:
        """Print who can sign in, and how customers write."""
        names = {
            role: [p.username for p in people() if role in p.roles]
            for role in ("agent", "supervisor", "operations", "auditor")
        }
        lines = [
            "",
            f"  console     {run.http}/console/",
            f"  chat        {run.http}/chat-demo",
            f"  mail        LMTP {run.lmtp}, to info@ billing@ repair@shop.example; or .eml files in {self._parts.settings.mail_dir}/new",
            f"  API         {run.http}/api/docs, key {self._given.api_key}",
            f"  agents      {' '.join(names['agent'])}",
            f"  others      {' '.join(names['supervisor'] + names['operations'] + names['auditor'])} (supervisor, operations, auditor)",
            f"  password    {self._given.password}",
            "",
            "  This is a demo: invented people, accounts with one printed password. Not for real customers.",
            "",
        ]
        print("\n".join(lines), flush=True)  # noqa: T201  # for whoever started it

    def loops(self, run: RunFile) -> Sequence[Service]:
        """Customers who write and agents who work, as the settings say."""
        settings = self._parts.settings
        loops: list[Service] = []
        if settings.demo_agents and run.http is not None:
            loops += [
                SimulatedAgent(
                    person=person, password=self._given.password, http=run.http, occupied=self._occupied, seed=number
                )
                for number, person in enumerate(people())
                if person.takes_work
            ]
        if settings.demo_traffic and run.http is not None and run.lmtp is not None:
            loops.append(Traffic(doors=Doors(run.http, run.lmtp, self._given.api_key)))
        return loops

    async def _occupied(self, username: str) -> bool:
        """Whether a person has signed in since the start, or has the console open."""
        with translate():
            return bool(await self._parts.pool.fetchval(_OCCUPIED, username, self._since))
