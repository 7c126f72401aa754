"""What to do with what the authority has just made."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

from central.bundle import CERTIFICATE, KEY
from central.pki_registry import Broker, Kind


def after_issue(name: str, kind: Kind, broker: Broker, *, renewed: bool) -> str:
    """What is to be done with the bundle of that name."""
    match kind:
        case "classroom":
            text = _DEVICE_RENEWED if renewed else _DEVICE
        case "central":
            text = _CENTRAL_RENEWED if renewed else _CENTRAL
        case "broker":
            text = _BROKER
    told = text.format(
        room=quote(name), certificate=CERTIFICATE, key=KEY, host=quote(broker.host),
        folder=quote(str(Path(broker.revocations).parent)),
    )  # fmt: skip
    return told + (_OLD.format(name=quote(name)) if renewed and kind != "broker" else "")


def after_revocation(revocations: Path, broker: Broker) -> str:
    """How the broker gets to know that a client's certificate is revoked."""
    return _REVOKED.format(source=quote(str(revocations)), target=quote(broker.revocations))


_DEVICE = """\
Carry it to the device; there, in its folder:
  sudo install -m 640 -g classpulse edge.toml ca.pem {certificate} {key} /etc/classpulse/
  sudo nano /etc/classpulse/edge.toml          # the authorisation is yours to fill in
  sudo classpulse-edge check-config --broker
Then delete it here and there: it holds the key.
"""
_DEVICE_RENEWED = """\
Carry it to the device; there, in its folder:
  sudo install -m 640 -g classpulse ca.pem {certificate} {key} /etc/classpulse/
  sudo systemctl restart classpulse-edge
Then delete it here and there: it holds the key.
"""
_CENTRAL = """\
Try it:
  cd {room}
  classpulse-central tail --host {host} --ca-file ca.pem --certificate-file {certificate} --key-file {key}
For the service, on the machine where it is installed:
  sudo install -m 640 -g classpulse-central ca.pem {certificate} {key} /etc/classpulse-central/
"""
_CENTRAL_RENEWED = """\
On the machine where the service is installed, in the folder {room}:
  sudo install -m 640 -g classpulse-central ca.pem {certificate} {key} /etc/classpulse-central/
  sudo systemctl restart classpulse-central
Restart soon: systemd hands the key over at the start only, and the old one does not fit the new certificate.
Then delete it here and there: it holds the key.
"""
_BROKER = """\
Carry it to the broker; there, in its folder:
  sudo install -m 600 -o mosquitto -g mosquitto server.pem server.key {folder}/
  sudo systemctl reload mosquitto
Then delete it here and there: it holds the key.
"""
_OLD = """\
Until it expires the broker accepts the old certificate as well. Once the new one is in use:
  classpulse-central pki revoke {name} --old
"""
BROKER_REVOKED = """\
Classrooms do not read the list: whoever has the broker's key can pose as the broker until the certificate expires.
Was the key stolen, make a new authority, and new bundles for every classroom.
"""
_REVOKED = """\
The broker goes on accepting it until it has the new list. There:
  sudo install -m 644 {source} {target}
  sudo systemctl restart mosquitto
Restart, not reload: a reload would refuse new connections only, and leave an open one alone.
"""
