"""Who is ready: every part works, but for those that are excused while their cause lasts."""

from __future__ import annotations

from shared.health import Health


def _ready(health: Health) -> bool:
    return health.ready()[0]


def test_one_part_that_does_not_work_is_enough() -> None:
    health = Health()
    health.set("doors", True)
    assert _ready(health)
    health.set("relay", False, "no answer")
    assert not _ready(health)
    assert health.ready()[1] == {"doors": "ok", "relay": "no answer"}
    assert health.failing() == ["relay"]


def test_who_does_nothing_without_the_log_keeps_nobody_away_while_it_is_gone() -> None:
    health = Health()
    for name in ("doors", "relay", "log", "log.readers"):
        health.set(name, True)
    health.excuse(("log", "relay"), while_failing="log")
    for name in ("relay", "log.readers"):
        health.set(name, False)
    assert not _ready(health)  # not for this reason
    health.set("log", False)
    assert _ready(health)
    assert health.failing() == ["log", "log.readers", "relay"]
    health.set("doors", False)
    assert not _ready(health)


def test_an_excuse_without_its_cause_excuses_nobody() -> None:
    health = Health()
    health.set("relay", False)
    health.excuse(("relay",), while_failing="log")
    assert not _ready(health)
