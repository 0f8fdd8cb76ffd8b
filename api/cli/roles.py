"""`huiyin topics create`, `worker`, `publish` and `serve`: one role each, configured by the environment."""

from __future__ import annotations

from api.cli.command import PORT, Command, Given, argument
from api.cli.edge import DONE, Edge


def create_topics(_: Given, edge: Edge) -> int:
    from streams.brokers import checked_options
    from streams.topics import create

    settings = edge.settings
    topics = create(
        settings.kafka,
        settings.topic_prefix,
        settings.partitions,
        settings.replication,
        checked_options(settings),
    )
    for topic in topics:
        edge.line(topic)
    return DONE


def work(given: Given, edge: Edge) -> int:
    if given.no_broker:
        from streams.inprocess import run as run_without_broker

        return run_without_broker(edge.settings)
    from streams.worker import run

    return run(edge.settings)


def publish(_: Given, edge: Edge) -> int:
    from streams.publisher import run

    return run(edge.settings)


def serve(given: Given, edge: Edge) -> int:
    """Uvicorn around the API; it hears SIGTERM, and ends when the open requests are answered. A master key
    that cannot be used is said now: the database may come later."""
    import uvicorn

    from api.http import create_app
    from streams.parts import masters_of

    settings = edge.settings
    masters_of(settings)
    host, port = given.host or settings.http_host, given.port or settings.http_port
    config = uvicorn.Config(
        create_app(settings), host=host, port=port, log_level="warning", timeout_graceful_shutdown=10
    )
    server = uvicorn.Server(config)
    server.run()
    return DONE if server.started else 2


CREATE = Command(create_topics)
WORK = Command(
    work,
    (
        argument(
            "--no-broker",
            action="store_true",
            en="without Kafka: clock and read models in a plain loop over the ledger",
            zh="不使用 Kafka：以普通循环运行时钟与读模型",
        ),
    ),
)
PUBLISH = Command(publish)
SERVE = Command(
    serve,
    (
        argument(
            "--host",
            metavar="HOST",
            en="listen there (default: HUIYIN_HTTP_HOST)",
            zh="监听地址（默认 HUIYIN_HTTP_HOST）",
        ),
        argument(
            "--port",
            type=PORT,
            metavar="N",
            en="and on this port (default: HUIYIN_HTTP_PORT)",
            zh="监听端口（默认 HUIYIN_HTTP_PORT）",
        ),
    ),
)
