"""Whether a door is open yet, told once: where it listens, or why the settings do not let it."""

from __future__ import annotations

import asyncio

from shared.errors import SettingsError


class Opening:
    """What a door's loop tells of its start."""

    def __init__(self, setting: str) -> None:
        self._setting = setting
        self._known = asyncio.Event()
        self._address: str | None = None
        self._fault: str | None = None

    @property
    def done(self) -> bool:
        """Told before."""
        return self._known.is_set()

    def succeed(self, address: str | None = None) -> None:
        """The door is open."""
        self._address, self._fault = address, None
        self._known.set()

    def fail(self, error: OSError) -> None:
        """The door cannot be opened where the setting says; a door that was open before is not told of again."""
        if not self.done:
            self._fault = f"{self._setting}: {error.strerror or error}"
            self._known.set()

    async def wait(self) -> str | None:
        """Where it listens, once it does.

        Raises:
            SettingsError: it cannot be opened there.
        """
        await self._known.wait()
        if self._fault is not None:
            raise SettingsError([self._fault])
        return self._address
