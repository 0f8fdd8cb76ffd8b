"""A broker and a database that are spoken to by TLS."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from streams.child import HOST, free_ports
from streams.local import Broker
from tests.helpers.certificates import Authority

LISTENERS = """
listeners=PLAINTEXT://{host}:{port},CONTROLLER://{host}:{controller},SSL://{host}:{safe}
advertised.listeners=PLAINTEXT://{host}:{port},SSL://{host}:{safe}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SSL:SSL
ssl.client.auth=required
ssl.keystore.type=PEM
ssl.keystore.certificate.chain={certificate}
ssl.keystore.key={key}
ssl.truststore.type=PEM
ssl.truststore.certificates={authority}
"""


class SafeBroker(Broker):
    """One that listens for TLS too, and asks there for a certificate of the same authority."""

    def __init__(self, data: Path, authority: Authority) -> None:
        super().__init__(data)
        self.safe_port = free_ports(1)[0]
        self._authority = authority

    @property
    def safe(self) -> str:
        return f"{HOST}:{self.safe_port}"

    def _configured(self, controller: int) -> Path:
        file = super()._configured(controller)
        certificate, key = self._authority.certify("broker")
        pems = {"certificate": certificate, "key": key, "authority": self._authority.file}
        ports = {"port": self.port, "controller": controller, "safe": self.safe_port}
        texts = {name: pem.read_text().replace("\n", "\\n") for name, pem in pems.items()}
        with file.open("a") as properties:  # of two lines about one thing the later counts
            properties.write(LISTENERS.format(host=HOST, **ports, **texts))
        return file


@contextmanager
def safely(port: int, authority: Authority) -> Iterator[int]:
    """The port of a PostgreSQL that takes nobody without TLS, in front of one that was built without: it
    answers the request for TLS as the protocol has it, and hands on what it deciphers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.certify("database"))
    with closing(socket.create_server((HOST, 0))) as door:
        threading.Thread(target=_admit, args=(door, context, port), daemon=True).start()
        yield door.getsockname()[1]
        door.shutdown(socket.SHUT_RDWR)


ASKED = bytes.fromhex("0000000804d2162f")
"""PostgreSQL's SSLRequest."""


def _admit(door: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with suppress(OSError):
        while True:
            threading.Thread(target=_serve, args=(door.accept()[0], context, port), daemon=True).start()


def _serve(asking: socket.socket, context: ssl.SSLContext, port: int) -> None:
    with asking, suppress(OSError):
        if asking.recv(8) != ASKED:
            return
        asking.sendall(b"S")
        with (
            context.wrap_socket(asking, server_side=True) as safe,
            socket.create_connection((HOST, port)) as database,
        ):
            back = threading.Thread(target=_hand_on, args=(database, safe), daemon=True)
            back.start()
            _hand_on(safe, database)
            back.join()


def _hand_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(2**16):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)
