"""What works and what does not, told by the parts themselves and read by ``/readyz`` and the operators."""

from __future__ import annotations

from dataclasses import dataclass

_FINE = "ok"


@dataclass(frozen=True, slots=True)
class _State:
    good: bool
    detail: str


class Health:
    """The state of every named part of this process."""

    def __init__(self) -> None:
        self._parts: dict[str, _State] = {}
        self._excused: tuple[str, ...] = ()
        self._excuse = ""

    def set(self, name: str, ok: bool, detail: str = _FINE) -> None:
        """Part ``name`` says how it is; ``detail`` is for operators and holds no secret."""
        self._parts[name] = _State(ok, detail)

    def excuse(self, beginnings: tuple[str, ...], *, while_failing: str) -> None:
        """While part ``while_failing`` does not work, those whose names begin so are told, and keep nobody away."""
        self._excused, self._excuse = beginnings, while_failing

    def ready(self) -> tuple[bool, dict[str, str]]:
        """Whether every part works that is not excused, and what each said last."""
        cause = self._parts.get(self._excuse)
        excused = self._excused if cause is not None and not cause.good else ()
        good = all(state.good or name.startswith(excused) for name, state in self._parts.items())
        return good, {name: state.detail for name, state in sorted(self._parts.items())}

    def failing(self) -> list[str]:
        """The parts that do not work."""
        return sorted(name for name, state in self._parts.items() if not state.good)
