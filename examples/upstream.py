"""Sends three facts about one complaint and prints their receipts: the third is rejected, and says why.

HUIYIN_API_KEY=hy_… python examples/upstream.py [http://127.0.0.1:8080] [C-1]
"""

import os
import sys
from uuid import uuid4

from api.client import Client, ClientError, Fact

SOURCE = "/examples/python"


def facts(subject: str) -> list[Fact]:
    """A complaint, a promise, and a closing that comes too early: nothing was resolved."""
    received = {
        "customer": "K-1",
        "category": "delivery",
        "channel": "phone",
        "summary": "nothing came 三天未送货",
    }
    return [
        Fact("complaint.received", subject, received, SOURCE),
        Fact("complaint.assigned", subject, {"handler": "S-1"}, SOURCE),
        Fact("complaint.closed", subject, {"by": "S-1"}, SOURCE),
    ]


def main(url: str = "http://127.0.0.1:8080", number: str = "") -> int:
    client = Client(url, os.environ.get("HUIYIN_API_KEY"))
    try:
        receipts = list(client.send(facts(f"complaint/{number or f'C-{uuid4()}'}")))
    except ClientError as problem:
        print(problem, file=sys.stderr)
        return 2
    for receipt in receipts:
        print(receipt.status, receipt.code or receipt.sequence)
    rejected = [receipt for receipt in receipts if not receipt.taken]
    for receipt in rejected:
        print(f"rejected: {receipt.field}: {receipt.reason}", file=sys.stderr)
    return 1 if rejected else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
