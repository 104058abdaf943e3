"""The base of all shared values."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Value(BaseModel):
    """An immutable value that crosses the log as JSON; unknown fields of newer versions are kept out of the way."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)
