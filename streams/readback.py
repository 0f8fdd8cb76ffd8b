"""How far publishing has come, as the topics themselves know it: the last record of each partition.

Within a partition positions rise, so what is at or below the last one is there already.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

POSITION = "position"
STEPS_BACK = (1, 100, 10_000)
SETTLING_S = 0.25
READING_S = 10.0

Place = tuple[str, int]
"""A topic and one of its partitions."""


class Unreadable(Exception):
    """The topic's last records could not be read in time."""


async def last_positions(
    bootstrap: str, topics: Sequence[str], security: Mapping[str, Any] | None = None
) -> dict[Place, int]:
    """The position of the last record of each partition; 0 where there is none.

    What an earlier publisher had sent just before it died may still be on its way into the log, so the ends
    have to stand still before they count.
    """
    from aiokafka import AIOKafkaConsumer  # type: ignore[import-untyped]

    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        request_timeout_ms=10_000,
        **(security or {}),
    )
    await consumer.start()
    try:
        places = await _places(consumer, topics)
        ends = await _settled(consumer, places)
        starts = await consumer.beginning_offsets(places)
        filled = [place for place in places if ends[place] > starts[place]]
        found = await _last(consumer, filled, starts, ends)
        return {(place.topic, place.partition): found.get(place, 0) for place in places}
    finally:
        await consumer.stop()


async def _places(consumer: Any, topics: Sequence[str]) -> list[Any]:
    from aiokafka import TopicPartition

    await consumer._client.set_topics(topics)
    found = {topic: consumer.partitions_for_topic(topic) for topic in topics}
    if missing := [topic for topic, partitions in found.items() if not partitions]:
        raise Unreadable(f"no partitions of {', '.join(missing)}")
    places = [TopicPartition(topic, number) for topic, numbers in found.items() for number in sorted(numbers)]
    consumer.assign(places)
    return places


async def _settled(consumer: Any, places: Sequence[Any]) -> Mapping[Any, int]:
    before: Mapping[Any, int] = {}
    ends: Mapping[Any, int] = await consumer.end_offsets(places)
    while ends != before:
        await asyncio.sleep(SETTLING_S)
        before, ends = ends, await consumer.end_offsets(places)
    return ends


async def _last(
    consumer: Any, places: Sequence[Any], starts: Mapping[Any, int], ends: Mapping[Any, int]
) -> dict[Any, int]:
    """Compaction leaves holes, but the very last record stays: it is its key's latest. It is looked for
    further back all the same, should there be none at the end."""
    found: dict[Any, int] = {}
    for back in (*STEPS_BACK, max(ends.values(), default=0)):
        wanted = {place: max(starts[place], ends[place] - back) for place in places if place not in found}
        if not wanted:
            break
        found |= await _read(consumer, wanted, ends)
    return found


async def _read(consumer: Any, wanted: Mapping[Any, int], ends: Mapping[Any, int]) -> dict[Any, int]:
    found: dict[Any, int] = {}
    consumer.pause(*consumer.assignment())
    for place, offset in wanted.items():
        consumer.seek(place, offset)
    consumer.resume(*wanted)
    async with asyncio.timeout(READING_S):
        while unread := [place for place in wanted if await consumer.position(place) < ends[place]]:
            for place, records in (await consumer.getmany(*unread, timeout_ms=500)).items():
                found[place] = _position(records[-1])
    return found


def _position(record: Any) -> int:
    return max((int(value) for name, value in record.headers if name == POSITION), default=0)
