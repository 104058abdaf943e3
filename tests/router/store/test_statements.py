"""Every statement of the router's store fits the schema; found by folder, so that none is forgotten."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import pytest

from services.router import store


def statements() -> Iterator[Any]:
    for found in pkgutil.iter_modules(store.__path__):
        module = importlib.import_module(f"services.router.store.{found.name}")
        for name, value in vars(module).items():
            words = value.split() if isinstance(value, str) else []
            if name.isupper() and words and words[0] in {"SELECT", "INSERT", "UPDATE", "DELETE", "WITH"}:
                yield pytest.param(value, id=f"{found.name}.{name}")


@pytest.mark.parametrize("statement", list(statements()))
async def test_the_statement_fits_the_schema(pool: Any, statement: str) -> None:
    async with pool.acquire() as connection:
        await connection.prepare(statement)


def test_the_statements_are_found() -> None:
    assert len(list(statements())) > 40
