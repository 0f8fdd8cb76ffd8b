"""The ledger's tables beside eventsourcing's `stored_events`, and how they are made.

Keys sort by code point (`COLLATE "C"`), as they do in memory: what falls due at one instant does so in the
same order here and in a simulation. An instant is kept with the offset it was given in, as what follows
from it is written with that offset.
"""

from __future__ import annotations

from psycopg import Connection
from psycopg.sql import SQL, Identifier

from storage import api_keys, audits, keys

TABLES = """
CREATE TABLE IF NOT EXISTS fact (
    source text COLLATE "C", id text COLLATE "C", digest bytea NOT NULL, status text NOT NULL,
    sequence bigint, PRIMARY KEY (source, id));
CREATE TABLE IF NOT EXISTS parked (
    position bigint GENERATED ALWAYS AS IDENTITY, subject text COLLATE "C" NOT NULL,
    source text COLLATE "C", id text COLLATE "C", message bytea NOT NULL,
    parked_at timestamptz NOT NULL, offset_s integer NOT NULL, PRIMARY KEY (source, id));
CREATE INDEX IF NOT EXISTS parked_subject_idx ON parked (subject, position);
CREATE TABLE IF NOT EXISTS link (
    position bigint GENERATED ALWAYS AS IDENTITY, key text COLLATE "C", member text COLLATE "C",
    value json NOT NULL, PRIMARY KEY (key, member));
CREATE TABLE IF NOT EXISTS due (
    rank smallint, key text COLLATE "C", at timestamptz NOT NULL, offset_s integer NOT NULL,
    PRIMARY KEY (rank, key));
CREATE INDEX IF NOT EXISTS due_at_idx ON due (at, rank, key);
CREATE TABLE IF NOT EXISTS kpi_window (key text COLLATE "C" PRIMARY KEY, document json NOT NULL);
CREATE TABLE IF NOT EXISTS ledger_outbox (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, channel text NOT NULL, key bytea NOT NULL,
    value bytea NOT NULL, made_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS dead_letter (
    position bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code text NOT NULL, reason text NOT NULL,
    letter bytea NOT NULL, made_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE IF NOT EXISTS intake_position (source text COLLATE "C" PRIMARY KEY, position bigint NOT NULL);
CREATE TABLE IF NOT EXISTS policy (
    version text COLLATE "C" PRIMARY KEY, texts json NOT NULL, known_at timestamptz NOT NULL DEFAULT now());
"""

MAKING = 4_851_001
"""The advisory lock under which the tables are made: `IF NOT EXISTS` alone is no match for two at once."""

WRITING = 4_851_002
"""The advisory lock of the one writer; its second key tells schemas of one database apart."""


def make_schema(connection: Connection, schema: str) -> None:
    """Makes the schema, if it is not there."""
    connection.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(schema)))


def make_tables(connection: Connection) -> None:
    """Makes what is not there yet, in the schema that the connection's search path names."""
    connection.execute(TABLES)
    connection.execute(keys.TABLE)
    connection.execute(api_keys.TABLES)
    connection.execute(audits.TABLES)
