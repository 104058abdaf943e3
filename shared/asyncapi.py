"""The event log described for programs: an AsyncAPI 3 document made from the models that write and read it."""

from __future__ import annotations

from typing import Any

import yaml
from pydantic.json_schema import models_json_schema

from shared.catalogue import CATALOGUE, Kind
from shared.domain.value import Value
from shared.events import CLASSIFIED, RECEIVED, REPLIES, ROUTING, STREAMS, event_type

_STREAMS = {
    RECEIVED: ("Inquiries as they came, in accept order within a conversation.", ["ingest"], ["classifier"]),
    CLASSIFIED: ("Inquiries with what the classifier says of them.", ["classifier", "ingest"], ["router"]),
    ROUTING: ("Everything that happens to inquiries, work, agents and rules.", ["router"], ["ingest"]),
    REPLIES: ("Agents' answers on their way to the customer.", ["router"], ["ingest"]),
}
"""Stream → what it is for, who write it, which of our services read it. Others may read ``routing.events``."""

_ABOUT = """\
CloudEvents 1.0 in binary mode: attributes are record headers, the value is JSON, the record's key orders what belongs
together. Delivery is at least once: a repeat has the same `ce_id`. Ignore fields and event types that you do not know.
A field may be added at any time; what breaks readers gets a new version at the end of `ce_type`.
"""
_ATTRIBUTES = {
    "ce_specversion": {"const": "1.0"},
    "ce_id": {"type": "string", "description": "Stable over repeats."},
    "ce_type": {"type": "string", "description": "The kind of event, with its version at the end."},
    "ce_source": {"type": "string", "description": "The service that wrote it."},
    "ce_subject": {"type": "string", "description": "What it is about; of an inquiry, its id."},
    "ce_time": {"type": "string", "format": "date-time"},
    "content-type": {"const": "application/json"},
}
_EXTENSIONS = {
    "traceparent": {
        "type": "string",
        "pattern": "^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
        "description": "W3C Trace Context of the inquiry: its sender's, or one of our own.",
    },
    "sequence": {"type": "string", "pattern": "^[0-9]+$", "description": "Place in the router's order of facts."},
}


def document() -> dict[str, Any]:
    """The document as data."""
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Inquiry Router", "version": "1", "description": _ABOUT, "license": {"name": "Apache-2.0"}},
        "defaultContentType": "application/json",
        "channels": {stream: _channel(stream) for stream in STREAMS},
        "operations": {name: operation for stream in STREAMS for name, operation in _operations(stream).items()},
        "components": {"messages": {_id(kind): _message(kind) for kind in CATALOGUE}, "schemas": _schemas()},
    }


def text() -> str:
    """The document as YAML."""
    return yaml.dump(document(), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=120)


class _Plain(yaml.SafeDumper):
    """Writes what is repeated again, rather than pointing to it."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  # the dumper's own signature
        return True


def _channel(stream: str) -> dict[str, Any]:
    kinds = [kind for kind in CATALOGUE if kind.stream == stream]
    return {
        "address": stream,
        "description": _STREAMS[stream][0],
        "messages": {kind.name: {"$ref": f"#/components/messages/{_id(kind)}"} for kind in kinds},
    }


def _operations(stream: str) -> dict[str, Any]:
    _, writers, readers = _STREAMS[stream]
    channel = {"$ref": f"#/channels/{stream}"}
    writing = {f"{writer}.writes.{stream}": {"action": "send", "channel": channel} for writer in writers}
    return writing | {f"{reader}.reads.{stream}": {"action": "receive", "channel": channel} for reader in readers}


def _message(kind: Kind) -> dict[str, Any]:
    own = {"type": "object", "properties": {"ce_type": {"const": event_type(kind.name)}}}
    return {
        "name": event_type(kind.name),
        "title": kind.name,
        "summary": kind.words,
        "headers": {"type": "object", "allOf": [{"$ref": "#/components/schemas/Headers"}, own]},
        "payload": {"$ref": f"#/components/schemas/{kind.body.__name__}"},
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": "0.5.0"}},
    }


def _schemas() -> dict[str, Any]:
    bodies: dict[type[Value], None] = dict.fromkeys(kind.body for kind in CATALOGUE)
    _, made = models_json_schema([(body, "validation") for body in bodies], ref_template="#/components/schemas/{model}")
    headers = {"type": "object", "required": list(_ATTRIBUTES), "properties": _ATTRIBUTES | _EXTENSIONS}
    schemas: dict[str, Any] = _as_draft_07(made["$defs"])
    return {"Headers": headers} | schemas


def _as_draft_07(schema: Any) -> Any:
    """AsyncAPI's own schemas are of draft 7, where a tuple's members stand in ``items``."""
    if isinstance(schema, list):
        return [_as_draft_07(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {"items" if name == "prefixItems" else name: _as_draft_07(value) for name, value in schema.items()}


def _id(kind: Kind) -> str:
    return f"{kind.stream}.{kind.name}"
