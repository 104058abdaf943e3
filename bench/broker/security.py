"""A broker with every door that Kafka has: signed in by password, or in TLS, or both; and the certificates for it."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

USER, PASSWORD = "app", "app-secret"
LISTENERS = ("SCRAM", "PLAIN", "TLS", "MTLS", "SCRAMTLS")
USERS = tuple(f"{mechanism}=[name={USER},password={PASSWORD}]" for mechanism in ("SCRAM-SHA-256", "SCRAM-SHA-512"))
_LOGIN = "org.apache.kafka.common.security"


def properties(certificates: Path) -> str:
    """Lines for a broker with ``LISTENERS`` and ``USERS``."""
    scram = f"{_LOGIN}.scram.ScramLoginModule required;"
    plain = f'{_LOGIN}.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
    return f"""\
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SCRAM:SASL_PLAINTEXT,PLAIN:SASL_PLAINTEXT,TLS:SSL,MTLS:SSL,SCRAMTLS:SASL_SSL
listener.name.scram.sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512
listener.name.scram.scram-sha-256.sasl.jaas.config={scram}
listener.name.scram.scram-sha-512.sasl.jaas.config={scram}
listener.name.scramtls.sasl.enabled.mechanisms=SCRAM-SHA-256
listener.name.scramtls.scram-sha-256.sasl.jaas.config={scram}
listener.name.plain.sasl.enabled.mechanisms=PLAIN
listener.name.plain.plain.sasl.jaas.config={plain}
ssl.keystore.type=PEM
ssl.keystore.location={certificates / "broker.both.pem"}
ssl.truststore.type=PEM
ssl.truststore.location={certificates / "ca.pem"}
listener.name.mtls.ssl.client.auth=required
"""


def certify(folder: Path) -> None:
    """An authority in ``folder``, and what it vouches for: ``broker.*`` on this machine, ``client.*``; a stranger."""
    for name in ("ca", "stranger"):
        _openssl(folder, "req", "-x509", *_key(name), "-out", f"{name}.pem", "-days", "30", "-subj", f"/CN={name}")
    (folder / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    for name in ("broker", "client"):
        _openssl(folder, "req", *_key(name), "-out", f"{name}.csr", "-subj", f"/CN={name}")
        signing = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "30", "-extfile", "names"]
        _openssl(folder, "x509", "-req", "-in", f"{name}.csr", *signing, "-out", f"{name}.pem")
    both = (folder / "broker.key").read_text() + (folder / "broker.pem").read_text()
    (folder / "broker.both.pem").write_text(both)


def _key(name: str) -> Sequence[str]:
    return ("-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key")


def _openssl(folder: Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
