"""``inquiry-router users`` and ``inquiry-router keys``: who may sign in, and which programs may call."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from services.cli import opened
from services.router.agents import ensure_agent
from shared.access.store import AccessStore

users = typer.Typer(no_args_is_help=True, help="People who sign in.")
keys = typer.Typer(no_args_is_help=True, help="Keys of integrators' programs.")

T = TypeVar("T")
_Name = Annotated[str, typer.Argument(help="The name to sign in with.")]


def _with_access(action: Callable[[AccessStore], Awaitable[T]]) -> T:
    async def run() -> T:
        async with opened.pool(opened.settings()) as pool:
            return await action(AccessStore(pool))

    return asyncio.run(run())


def _password() -> str:
    """From a terminal, hidden and twice; else the first line of the input, so that scripts keep it off the command line."""
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


@users.command("add")
def add_user(
    username: _Name,
    role: Annotated[list[str], typer.Option(help="operations, supervisor, agent or auditor; may be repeated.")],
    name: Annotated[str | None, typer.Option(help="How others see them.")] = None,
    language: Annotated[str, typer.Option(help="Language of their console.")] = "en",
) -> None:
    """Make an account; the password is asked for, or read from the input.

    Example: inquiry-router users add maria --role agent --language de
    """
    password = _password()

    async def add() -> None:
        async with opened.pool(opened.settings()) as pool:
            agent = (
                await ensure_agent(pool, username=username, name=name or username, skills={})
                if "agent" in role
                else None
            )
            await AccessStore(pool).users.add(
                username, name=name or username, roles=role, password=password, language=language, agent_id=agent
            )

    asyncio.run(add())
    print(f"{username} can sign in. An agent gets work once skills are set: PUT /api/v1/agents/ID, or the console.")


@users.command("list")
def list_users() -> None:
    """Print every account.

    Example: inquiry-router users list
    """
    for user in _with_access(lambda access: access.users.listed()):
        state = "disabled" if user.disabled_at else "demo" if user.demo else "active"
        print(f"{user.username:20} {','.join(user.roles):24} {state:9} {user.name}")


@users.command("disable")
def disable_user(username: _Name) -> None:
    """Lock an account; open sessions end within seconds.

    Example: inquiry-router users disable jana
    """
    _with_access(lambda access: access.users.disable(username))
    print(f"{username} is disabled")


@users.command("password")
def set_password(username: _Name) -> None:
    """Give an account a new password; its open sessions end.

    Example: inquiry-router users password maria
    """
    password = _password()
    _with_access(lambda access: access.users.set_password(username, password))
    print(f"{username} has a new password")


@keys.command("create")
def create_key(name: Annotated[str, typer.Argument(help="What the key is for.")]) -> None:
    """Make an integrator's key and print it, once.

    Example: inquiry-router keys create "web shop"
    """
    _, secret = _with_access(lambda access: access.keys.create(name))
    print(secret)


@keys.command("list")
def list_keys() -> None:
    """Print every key without its secret.

    Example: inquiry-router keys list
    """
    for key in _with_access(lambda access: access.keys.listed()):
        state = "revoked" if key.revoked_at else "active"
        print(f"{key.id}  {key.prefix:12} {state:8} {key.name}")


@keys.command("revoke")
def revoke_key(which: Annotated[str, typer.Argument(help="Its id, or the beginning of it as listed.")]) -> None:
    """End a key.

    Example: inquiry-router keys revoke irk_3fa9
    """
    key = _with_access(lambda access: access.keys.revoke(which))
    print(f"{key.name} is revoked")
