"""What a classroom, the central subscriber or a broker gets from the authority: a folder, or a tar file to carry."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

from central import pki_files
from central.authority import Issue
from central.pki_files import PRIVATE, File
from central.pki_registry import Broker

Bundle = Mapping[str, File]
"""Files by name."""

CERTIFICATE, KEY = "mqtt.pem", "mqtt.key"
"""As the example configs, and the units' LoadCredential=, call them: whoever they are for, no name needs an edit."""


def for_classroom(issue: Issue, broker: Broker) -> Bundle:
    """Everything that a device needs to connect, with a config that authorises nobody yet."""
    config = _CONFIG.format(
        room=issue.record.name, host=json.dumps(broker.host), port=broker.port, certificate=CERTIFICATE, key=KEY,
        issued=f"{issue.record.issued_at:%Y-%m-%d}", expires=f"{issue.record.expires:%Y-%m-%d}",
    )  # fmt: skip
    return {**for_client(issue), "edge.toml": File(config.encode())}


def for_client(issue: Issue) -> Bundle:
    """What whoever connects shows a broker: central, or a device whose config is filled in already."""
    return {
        "ca.pem": File(issue.authority),
        CERTIFICATE: File(issue.certificate),
        KEY: File(issue.key, PRIVATE),
    }


def for_broker(issue: Issue) -> Bundle:
    """What a broker shows everybody who connects."""
    return {
        "ca.pem": File(issue.authority),
        "server.pem": File(issue.certificate),
        "server.key": File(issue.key, PRIVATE),
    }


def write_folder(bundle: Bundle, path: Path) -> None:
    """Write a new folder that only its owner may enter. Raises AuthorityError, also when there is one."""
    pki_files.write_new_folder(path, bundle)


def write_tar(bundle: Bundle, path: Path) -> None:
    """Write a new tar file that only its owner may read; unpacked, it is the folder. Raises AuthorityError."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        folder = tarfile.TarInfo(path.stem)
        folder.type, folder.mode = tarfile.DIRTYPE, 0o700
        tar.addfile(folder)
        for name, file in bundle.items():
            member = tarfile.TarInfo(f"{path.stem}/{name}")
            member.size, member.mode = len(file.content), file.mode
            tar.addfile(member, io.BytesIO(file.content))
    pki_files.write_new(path, File(packed.getvalue(), PRIVATE))


_CONFIG = """\
# ClassPulse: the config of the device in {room}, with what its certificate needs; issued on {issued}, it expires on
# {expires}. Every other key is explained in /opt/classpulse/current/share/classpulse/edge.toml.
#
# On the device, in the folder of this file:
#   sudo install -m 640 -g classpulse edge.toml ca.pem {certificate} {key} /etc/classpulse/
#   sudo nano /etc/classpulse/edge.toml
#   sudo classpulse-edge check-config --broker
# Then delete this folder here, and wherever it was copied from: it holds the key.

classroom = "{room}"

# The decision to observe that is on record. It records a decision; it does not make a use lawful. Without these four
# keys the device does not run: fill them in, and remove the "#".
[authorisation]
# basis = "safety"                  # or "medical", "outside-eu"
# approved_by = "name and office of who decided"
# reference = "where the decision is filed"
# expires = YYYY-MM-DD              # its last day, without quotes

[camera]
source = "picamera2"                # or "/dev/video0", "rtsp://..."

[recognition]
key_file = "credential:gallery.key"

[mqtt]
host = {host}
port = {port}
ca_file = "ca.pem"
certificate_file = "{certificate}"
key_file = "credential:{key}"
"""
