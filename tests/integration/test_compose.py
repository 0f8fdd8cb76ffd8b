"""The services of docker-compose.yml, as processes with their own commands and environments, in their order.

No containers are needed: the local broker and database stand in for the two images, all else is as the file
says it.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib import request
from urllib.parse import urlsplit

import pytest
from kafka import KafkaConsumer

from streams.clients import opened
from streams.local import free_ports
from tests.compose import environment, in_order, loaded

STANDING_IN = ("kafka", "postgres")
FACT = {
    "specversion": "1.0",
    "id": "1",
    "source": "compose-test",
    "type": "complaint.received",
    "subject": "complaint/C-1",
    "time": "2026-03-02T10:00:00+08:00",
    "data": {
        "customer": "K-1",
        "category": "service",
        "channel": "phone",
        "summary": "客户堵门",
        "signals": ["door-blocking"],
    },
}


@pytest.fixture
def services(root: Path, broker: str, database: str, prefix: str) -> dict[str, Any]:
    """The file with this test's prefix, port and database, and local addresses in place of the images'."""
    url = urlsplit(database)
    given = {
        "HUIYIN_TOPIC_PREFIX": prefix,
        "HUIYIN_HTTP_PORT": str(free_ports(1)[0]),
        "POSTGRES_USER": str(url.username),
        "POSTGRES_PASSWORD": str(url.password),
        "POSTGRES_DB": url.path.lstrip("/"),
    }
    text = json.dumps(loaded(root, given)["services"])
    text = text.replace("@postgres:5432", f"@{url.hostname}:{url.port}").replace("kafka:9092", broker)
    return dict(json.loads(text))


def command(service: dict[str, Any]) -> list[str]:
    """The image has this environment's programs on its path."""
    program, *arguments = service["command"]
    return [str(shutil.which(program, path=str(Path(sys.executable).parent))), *arguments]


@contextmanager
def running(name: str, service: dict[str, Any], logs: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Its environment and no other: what the test happens to have set must not help."""
    given = {"PATH": os.environ["PATH"], "HOME": str(logs), "LANG": "C.UTF-8", **environment(service)}
    with (logs / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(command(service), env=given, cwd=logs, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(30)


def checked(service: dict[str, Any]) -> None:
    """Run the service's own health check until it passes, for as long as the file allows."""
    _, program, *arguments = service["healthcheck"]["test"]
    check = [sys.executable if program == "python" else program, *arguments]
    for _ in range(60):
        if subprocess.run(check, env=environment(service), capture_output=True, check=False).returncode == 0:
            return
        time.sleep(0.5)
    raise AssertionError("the api never became healthy")


def key(service: dict[str, Any]) -> str:
    """As `docker compose exec api huiyin keys api new …` makes it."""
    made = {**service, "command": ["huiyin", "keys", "api", "new", "--role", "upstream", "--name", "crm"]}
    given = {"PATH": os.environ["PATH"], **environment(service)}
    return subprocess.run(command(made), env=given, capture_output=True, text=True, check=True).stdout.strip()


def posted(service: dict[str, Any], fact: dict[str, Any]) -> Any:
    address = f"http://127.0.0.1:{environment(service)['HUIYIN_HTTP_PORT']}/events"
    headers = {"Content-Type": "application/cloudevents+json", "Authorization": f"Bearer {key(service)}"}
    with request.urlopen(request.Request(address, json.dumps(fact).encode(), headers), timeout=10) as answer:
        return json.loads(answer.read())


@pytest.mark.timeout(180)
def test_a_fact_sent_to_the_composed_services_comes_out_as_an_alert(
    services: dict[str, Any], broker: str, prefix: str, tmp_path: Path
) -> None:
    with ExitStack() as started:
        for name in in_order(services):
            if name in STANDING_IN:
                continue
            process = started.enter_context(running(name, services[name], tmp_path))
            if name == "topics":
                assert process.wait(60) == 0, (tmp_path / "topics.log").read_text()
        checked(services["api"])
        posted(services["api"], FACT)
        options = {"auto_offset_reset": "earliest", "consumer_timeout_ms": 60_000}
        topic = f"{prefix}.alerts.escalations"
        with opened(KafkaConsumer, topic, bootstrap_servers=broker, **options) as consumer:
            # What the clock finds overdue meanwhile may be told first, of another partition.
            alerts = (json.loads(record.value) for record in consumer)
            alert = next((one for one in alerts if one["severity"] == "critical"), None)
    logs = {file.name: file.read_text()[-2000:] for file in tmp_path.glob("*.log")}
    assert alert is not None, logs
    assert (alert["status"], alert["subject"]) == ("firing", "complaint/C-1")
