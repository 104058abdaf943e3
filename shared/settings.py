"""The settings, read from the environment in one go: every fault is told at once, and nothing else reads it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.config import JsonDict

from shared.errors import SettingsError

_SECRET: JsonDict = {"secret": True}
_BROKERS = re.compile(r"kafka://[^\s/@,]+:\d{1,5}(,[^\s/@,]+:\d{1,5})*")
_APART = {"router": (8080, 8090), "ingest": (8081, 8091), "classifier": (8082, 8092)}


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MailAddress(_Strict):
    """An address that takes mail, and what the desk calls it."""

    address: Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+$")]
    name: str | None = None


class ChatSite(_Strict):
    """A web site that shows the chat widget, and the origins its pages come from."""

    site: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    origins: list[str] = []


class ChannelsFile(_Strict):
    """The doors that are configured rather than built in."""

    mail: list[MailAddress] = []
    chat: list[ChatSite] = []


def _database(value: str) -> str:
    if urlsplit(value).scheme not in {"postgresql", "postgres"}:
        raise ValueError("must begin with postgresql://")
    return value


def _log(value: str) -> str:
    if value == "postgres:" or _BROKERS.fullmatch(value):
        return value
    raise ValueError("must be postgres: or kafka://host:port,host:port")


def _networks(value: str) -> str:
    for network in value.split(","):
        ip_network(network.strip())
    return value


def _readable(path: Path) -> Path:
    try:
        path.open("rb").close()
    except OSError as error:
        raise ValueError(f"cannot be read: {_why(error)}") from error
    return path


def _rate(value: object) -> object:
    return value.strip().removesuffix("/s") if isinstance(value, str) else value


Port = Annotated[int, Field(ge=0, le=65_535)]
Readable = Annotated[Path, AfterValidator(_readable)]
Url = Annotated[str, Field(pattern=r"^https?://[^\s/]+")]


class Settings(BaseModel):
    """One field for each variable, named like it; the description says unit and reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Field(description="Folder of one instance: database, models, run.json. Root's is of the machine.")
    database_url: Annotated[str, AfterValidator(_database)] | None = Field(
        default=None, repr=False, json_schema_extra=_SECRET, description="Unset: a PostgreSQL of our own in DATA_DIR."
    )
    log_url: Annotated[str, AfterValidator(_log)] = Field(
        default="postgres:",
        repr=False,
        json_schema_extra=_SECRET,
        description="The event log: in the database, or kafka://host:port,host:port.",
    )
    kafka_tls: bool = Field(default=False, description="Whether brokers are spoken to in TLS.")
    kafka_tls_ca: Readable | None = Field(default=None, description="Who vouches for the brokers. Unset: the system's.")
    kafka_tls_cert: Readable | None = Field(default=None, description="Our certificate, where brokers ask for one.")
    kafka_tls_key: Readable | None = Field(default=None, description="The key of our certificate, not encrypted.")
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = Field(
        default=None, description="How we sign in. Unset: not at all."
    )
    kafka_username: str | None = Field(default=None, min_length=1, description="Who we are to the brokers.")
    kafka_password: str | None = Field(
        default=None, min_length=1, repr=False, json_schema_extra=_SECRET, description="With KAFKA_USERNAME."
    )
    kafka_partitions: Annotated[int, Field(ge=1, le=1_000)] = Field(
        default=8, description="Of each stream, for good: as many services of a kind share the work at most."
    )
    kafka_replication: Annotated[int, Field(ge=1, le=9)] | None = Field(
        default=None, description="Copies of each record. Unset: 3, or one a broker if there are fewer."
    )
    http_host: str = Field(
        default="127.0.0.1", description="Address of the doors; loopback until a proxy is before it."
    )
    http_port: Port = Field(default=8080, description="0 is any free port, told in run.json.")
    admin_host: str = Field(default="127.0.0.1", description="Address of /metrics and /health, which tell much.")
    admin_port: Port = Field(default=8090, description="0 is any free port; apart from the doors, to close it off.")
    trusted_proxies: Annotated[str, AfterValidator(_networks)] = Field(
        default="127.0.0.1",
        description="Addresses and networks, commas between, whose X-Forwarded-For and -Proto are believed.",
    )
    lmtp_host: str = Field(default="127.0.0.1", description="Address for mail; whoever reaches it may hand mail in.")
    lmtp_port: Port = Field(default=8024, description="0 is any free port; beside the mail server.")
    mail_dir: Path = Field(description="Folder of .eml files, taken from new/ and moved to cur/.")
    public_url: Url | None = Field(default=None, description="How the outside calls us, for links and signatures.")
    smtp_url: str | None = Field(
        default=None, repr=False, json_schema_extra=_SECRET, description="Outgoing mail; not used yet."
    )
    channels_file: Path | None = Field(
        default=None, description="YAML of mail addresses and chat sites. Unset: mail to everybody, no chat site."
    )
    channels: ChannelsFile | None = Field(default=None, description="What CHANNELS_FILE says.")
    demo_traffic: bool = Field(default=True, description="Whether the demo's customers write.")
    demo_agents: bool = Field(default=True, description="Whether the demo's agents work while nobody takes their seat.")
    demo_password: str | None = Field(
        default=None, min_length=1, repr=False, json_schema_extra=_SECRET, description="Unset: random, printed."
    )
    demo_api_key: str | None = Field(
        default=None, min_length=1, repr=False, json_schema_extra=_SECRET, description="Unset: random, printed."
    )
    demo_exposed: bool = Field(default=False, description="Demo users beyond loopback: their password is printed.")
    demo_offer_seconds: Annotated[int, Field(ge=2, le=3_600)] = Field(
        default=60, description="Seconds that an offer of a demo queue stands: time to read it, no more."
    )
    unpublished_limit: Annotated[int, Field(ge=1)] = Field(
        default=100_000,
        description="Inquiries accepted and not on the log yet beyond which doors refuse, for the disk.",
    )
    rate_per_key: Annotated[float, BeforeValidator(_rate), Field(gt=0)] = Field(
        default=100.0, description="Requests a second of one caller, so that one cannot starve the rest."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(default="INFO", description="Least line logged.")

    @property
    def rate_burst(self) -> int:
        """Requests at once: two seconds' worth."""
        return max(1, round(2 * self.rate_per_key))


def load(environ: Mapping[str, str], *, apart: str | None = None) -> Settings:
    """The settings of ``environ``; a service that runs ``apart`` has default ports of its own.

    Raises:
        SettingsError: names every fault; a secret's value is not repeated.
    """
    faults: list[str] = []
    values = _collect(environ, faults)
    data_dir = Path(values.get("data_dir", _default_data_dir())).expanduser().absolute()
    values = {"mail_dir": data_dir / "mail-in"} | _ports(apart) | values | {"data_dir": data_dir}
    if "channels_file" in values:
        values["channels"] = _channels(Path(values["channels_file"]), faults)
    try:
        settings = Settings(**values)
    except ValidationError as error:
        raise SettingsError([*faults, *(_fault(fault) for fault in error.errors())]) from None
    if settings.http_port and settings.http_port == settings.admin_port and settings.http_host == settings.admin_host:
        faults.append(f"ADMIN_PORT: is {settings.admin_port}, as HTTP_PORT is: choose another")
    faults += _kafka_faults(settings)
    if faults:
        raise SettingsError(faults)
    return settings


def _kafka_faults(settings: Settings) -> list[str]:
    """What each variable alone cannot tell."""
    faults = []
    files = {name: getattr(settings, name) for name in ("kafka_tls_ca", "kafka_tls_cert", "kafka_tls_key")}
    faults += [
        f"{name.upper()}: needs KAFKA_TLS=yes" for name, file in files.items() if file and not settings.kafka_tls
    ]
    if (settings.kafka_tls_cert is None) != (settings.kafka_tls_key is None):
        faults.append("KAFKA_TLS_CERT, KAFKA_TLS_KEY: one needs the other")
    signing_in = [settings.kafka_sasl_mechanism, settings.kafka_username, settings.kafka_password]
    if any(signing_in) and not all(signing_in):
        faults.append("KAFKA_SASL_MECHANISM, KAFKA_USERNAME, KAFKA_PASSWORD: each needs the others")
    return faults


def _collect(environ: Mapping[str, str], faults: list[str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for field, info in Settings.model_fields.items():
        name = field.upper()
        if field != "channels" and environ.get(name):
            values[field] = environ[name]
        file = environ.get(f"{name}_FILE") if info.json_schema_extra == _SECRET else None
        if file and field in values:
            faults.append(f"{name}: is given twice, also as {name}_FILE")
        elif file:
            try:
                values[field] = Path(file).read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                faults.append(f"{name}_FILE: {file} cannot be read: {_why(error)}")
    return values


def _channels(path: Path, faults: list[str]) -> ChannelsFile | None:
    try:
        return ChannelsFile.model_validate(yaml.safe_load(path.read_text("utf-8")) or {})
    except ValidationError as error:
        for fault in error.errors():
            place = ".".join(str(step) for step in fault["loc"]) or "the file"
            faults.append(f"CHANNELS_FILE: {path}: {place}: {fault['msg']}")
    except yaml.YAMLError as error:
        faults.append(f"CHANNELS_FILE: {path} is not YAML: {' '.join(str(error).split())}")
    except (OSError, UnicodeDecodeError) as error:
        faults.append(f"CHANNELS_FILE: {path} cannot be read: {_why(error)}")
    return None


def _ports(apart: str | None) -> dict[str, Any]:
    if apart is None:
        return {}
    http, admin = _APART[apart]
    return {"http_port": http, "admin_port": admin}


def _default_data_dir() -> Path:
    return Path("/var/lib" if os.geteuid() == 0 else "~/.local/share") / "inquiry-router"


def _fault(fault: Any) -> str:
    field = str(fault["loc"][0])
    reason = fault["msg"].removeprefix("Value error, ")
    if Settings.model_fields[field].json_schema_extra == _SECRET:
        return f"{field.upper()}: {reason}"
    return f"{field.upper()}: {reason}, got {str(fault['input'])!r}"


def _why(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else "not UTF-8"
