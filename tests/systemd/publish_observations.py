"""Publishes observations as a classroom's device does; run inside the container by central's own Python.

publish_observations.py FIRST LAST: returns when the broker has acknowledged every sequence from FIRST to LAST.
publish_observations.py FIRST: goes on until SIGTERM, and then prints the last sequence that was acknowledged.
"""

from __future__ import annotations

import signal
import ssl
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import count
from uuid import UUID

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.wire import user_properties

TLS = "/etc/mosquitto/tls"
TOPIC = "classpulse/v1/room-101/observation"
SECONDS = 60.0
AT_ONCE = 100


@contextmanager
def connected() -> Iterator[Client]:
    context = ssl.create_default_context(cafile=f"{TLS}/ca.pem")
    context.load_cert_chain(f"{TLS}/room-101.pem", f"{TLS}/room-101.key")
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.max_inflight_messages_set(0)
    client.tls_set_context(context)
    client.connect("localhost", 8883)
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()


def publish(client: Client, sequences: Iterable[int]) -> None:
    """Returns when the broker has acknowledged them all."""
    sent = []
    for sequence in sequences:
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.UserProperty = user_properties(datetime.now(UTC), UUID(int=1), sequence)
        sent.append(client.publish(TOPIC, b'{"student_id": "s-042", "emotion": "happy"}', 1, properties=properties))
    for info in sent:
        info.wait_for_publish(SECONDS)


def main(first: int, last: int | None) -> None:
    with connected() as client:
        if last is not None:
            publish(client, range(first, last + 1))
            return
        stop = threading.Event()
        signal.signal(signal.SIGTERM, lambda *_: stop.set())
        for begin in count(first, AT_ONCE):
            publish(client, range(begin, begin + AT_ONCE))
            if stop.is_set():
                print(begin + AT_ONCE - 1)
                return


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else None)
