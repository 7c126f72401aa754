"""Publishes observations as a classroom's device does; run inside the container by central's own Python.

publish_observations.py FIRST LAST: returns when the broker has acknowledged every sequence from FIRST to LAST.
"""

from __future__ import annotations

import ssl
import sys
from datetime import UTC, datetime
from uuid import UUID

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge.wire import user_properties

TLS = "/etc/mosquitto/tls"
TOPIC = "classpulse/v1/room-101/observation"
SECONDS = 60.0


def main(first: int, last: int) -> None:
    context = ssl.create_default_context(cafile=f"{TLS}/ca.pem")
    context.load_cert_chain(f"{TLS}/room-101.pem", f"{TLS}/room-101.key")
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.max_inflight_messages_set(0)
    client.tls_set_context(context)
    client.connect("localhost", 8883)
    client.loop_start()
    sent = []
    for sequence in range(first, last + 1):
        properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
        properties.UserProperty = user_properties(datetime.now(UTC), UUID(int=1), sequence)
        sent.append(client.publish(TOPIC, b'{"student_id": "s-042", "emotion": "happy"}', 1, properties=properties))
    for info in sent:
        info.wait_for_publish(SECONDS)
    client.disconnect()
    client.loop_stop()


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
