"""What exists when a server is ready is not searched again; cycles that come later still go."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from shared import garbage


@pytest.fixture(autouse=True)
def collector() -> Iterator[None]:
    before = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*before)


class Knot:
    def __init__(self) -> None:
        self.me = self


def test_what_exists_is_set_aside() -> None:
    lasting = Knot()
    garbage.settle()
    assert gc.get_freeze_count() > 0
    assert not any(lasting is one for one in gc.get_objects())


def test_cycles_that_come_later_go() -> None:
    garbage.settle()
    gone = weakref.ref(Knot())
    fill = [[] for _ in range(gc.get_threshold()[0] + 1)]
    assert (gone(), len(fill)) == (None, gc.get_threshold()[0] + 1)
