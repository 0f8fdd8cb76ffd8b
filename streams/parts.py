"""The ledger and the read models of an installation, put together from its settings; once in each role."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import psycopg

from domain.ledger import Ledger
from domain.pack import parse_pack
from domain.policy import Policy, load_policy
from domain.privacy import Masters
from domain.sealing import Keyring
from projections import projection
from projections.projection import Projector
from storage import keys
from storage.connections import Connections
from storage.postgres import PostgresStorage
from streams.config import Settings

SCHEMA = "public"


def policy_of(settings: Settings) -> Policy:
    """The policy that is in force.

    Raises:
        PackError: a pack is missing or cannot be used.
    """
    return load_policy(settings.policy, [settings.policy_dir] if settings.policy_dir else [])


def policy_once(texts: Mapping[str, str]) -> Policy:
    """A policy that was in force once, from the texts that the ledger kept of it: what an earlier release
    took is read back, whatever is asked today of packs that are handed in."""
    return Policy([parse_pack(text, f"{name}.toml") for name, text in texts.items()], once=True)


def masters_of(settings: Settings) -> Masters | None:
    """The master keys that are configured; None: personal fields are not sealed.

    Raises:
        PrivacyError: they cannot be read or used.
    """
    if settings.master_key:
        return keys.masters(settings.master_key)
    file = settings.master_key_file
    return keys.masters(keys.master_file(file)) if file else None


@dataclass(frozen=True)
class Parts:
    """What the functions of a role work on."""

    policy: Policy
    storage: PostgresStorage
    ledger: Ledger
    projector: Projector
    connections: Connections

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Makes the tables that are missing, and the parts on them.

        Raises:
            PackError: a pack is missing or cannot be used.
            PrivacyError: the master key cannot be used, or is not the one that the ledger needs.
            OperationalError: the database cannot be reached.
        """
        policy = policy_of(settings)
        masters = masters_of(settings)
        storage, connections = _readable_tables(settings, masters)
        keyring = Keyring(masters) if masters else None
        ledger = Ledger(storage, storage.recorder, policy, keyring=keyring, load_policy=policy_once)
        return cls(policy, storage, ledger, Projector.of(policy, masters), connections)

    def close(self) -> None:
        self.storage.close()
        self.connections.close()


def _readable_tables(settings: Settings, masters: Masters | None) -> tuple[PostgresStorage, Connections]:
    """Tables whose sealed texts these master keys open; where they do not, no connection stays open."""
    storage, connections = tables(settings)
    try:
        keys.check(connections, masters)
    except BaseException:
        storage.close()
        connections.close()
        raise
    return storage, connections


def tables(settings: Settings) -> tuple[PostgresStorage, Connections]:
    """The ledger's storage and connections for the read models, on tables that are there."""
    storage = PostgresStorage(settings.database_url, SCHEMA)
    connections = Connections(settings.database_url, SCHEMA)
    storage.create()
    with connections.take(_alive) as (connection, _):
        projection.create(connection)
    return storage, connections


def _alive(connection: psycopg.Connection) -> None:
    connection.execute("SELECT 1")
