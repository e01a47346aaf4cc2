"""Keeps the newest revision of every finished window, and prints each as it comes, as JSON:

    python3 examples/consume_windows.py localhost:9092 [TOPIC] [GROUP]

Needs the packages confluent-kafka and fastavro, and schemas/window.v1.avsc.
"""

import io
import json
import pathlib
import sys

import fastavro
from confluent_kafka import Consumer

brokers, topic, group, *_ = sys.argv[1:] + ["localhost:9092", "weir.windows", "example"][len(sys.argv) - 1 :]

path = pathlib.Path(__file__).parent.parent / "schemas" / "window.v1.avsc"
schema = fastavro.parse_schema(json.loads(path.read_text()))


def body(value: bytes) -> bytes:
    """The bytes behind the framing: C3 01 and a fingerprint, or 00 and the number in a schema registry."""
    if value[:2] == b"\xc3\x01":
        return value[10:]
    if value[:1] == b"\x00":
        return value[5:]
    raise ValueError("The value has no framing that is known.")


revisions: dict[bytes, int] = {}  # a real consumer keeps it where it keeps the rows

consumer = Consumer(
    {
        "bootstrap.servers": brokers,
        "group.id": group,
        "auto.offset.reset": "earliest",
        "isolation.level": "read_committed",  # what a closer began and did not end is never seen
    }
)
consumer.subscribe([topic])
try:
    while True:
        message = consumer.poll(1.0)
        if message is None:
            continue
        if message.error():
            print(message.error(), file=sys.stderr)
            continue
        headers = {name: value.decode() for name, value in message.headers() or []}
        revision = int(headers["revision"])
        # Of the records of one window the highest revision counts, however often and in whatever order they come.
        if revisions.get(message.key(), 0) >= revision:
            continue
        revisions[message.key()] = revision
        window = fastavro.schemaless_reader(io.BytesIO(body(message.value())), schema)
        print(json.dumps({"emit_id": headers["emit_id"], **window}, default=str), flush=True)
except KeyboardInterrupt:
    pass
finally:
    consumer.close()
