"""A Debian with a real systemd as PID 1, booted in a container of the test's own.

What is written inside lies in a layer of its own, in memory: a container can be booted from the layers that another
one has left, and a test can see every file that was written since.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

TOOLS = ("mmdebstrap", "systemd-nspawn", "nsenter")
PACKAGES = (
    "systemd,systemd-sysv,dbus,python3,python3-venv,python3-systemd,iproute2,procps,util-linux,ca-certificates,"
    "mosquitto,mosquitto-clients"
)
PYTHONS = {"bookworm": (3, 11), "trixie": (3, 13)}
"""The releases of Debian that a device may have, and what `python3` is there."""
SECONDS = 90.0
"""How long a test waits for what must come."""


def make_rootfs(folder: Path, suite: str) -> None:
    """A small Debian of the release suite in folder.

    It has the packages that the installer would fetch: a container has no network.
    """
    unfinished = folder.with_name(folder.name + ".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    command = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", suite, str(unfinished)]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    unfinished.rename(folder)


def until(ready: Callable[[], bool], what: str) -> None:
    """Wait for what only shows by asking."""
    deadline = time.monotonic() + SECONDS
    while not ready():
        assert time.monotonic() < deadline, f"{what}: not within {SECONDS:g} s"
        time.sleep(0.1)


class Container:
    """Booted on entry, powered off on exit; its own network, in which there is nothing but loopback."""

    def __init__(self, folder: Path, layers: Sequence[Path], binds: dict[Path, str]) -> None:
        """
        folder: an empty one, for this container.
        layers: root file systems, the uppermost first; none of them is changed.
        binds: folders of the host, seen read-only inside at these paths.
        """
        self._memory, self._layers, self._binds = folder, layers, binds
        self.written = folder / "written"
        """Every file written inside, except to file systems in memory such as /run. Stays when the container ends."""
        self._root = folder / "root"
        self._name = f"classpulse-{os.getpid()}-{folder.name}"
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = 0

    def __enter__(self) -> Self:
        _run("mount", "-t", "tmpfs", "tmpfs", str(self._memory))
        for part in (self.written, self._root, self._memory / "work"):
            part.mkdir()
        lower = ":".join(str(layer) for layer in self._layers)
        layers = f"lowerdir={lower},upperdir={self.written},workdir={self._memory / 'work'}"
        _run("mount", "-t", "overlay", "overlay", "-o", layers, str(self._root))
        try:
            self._boot()
        except BaseException:
            self.power_off()
            self.discard()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.power_off()
        self.discard()

    def _boot(self) -> None:
        self._cgroups = [group / self._name for group in _cgroups()]
        for group in self._cgroups:
            group.mkdir()
        # What an earlier nspawn left in the cgroup of its caller breaks a later boot: each gets one of its own.
        join = "".join(f"echo $$ >{group}/cgroup.procs; " for group in self._cgroups)
        command = (
            "exec systemd-nspawn --quiet --boot --register=no --keep-unit --private-network --resolv-conf=off "
            f"--timezone=off --link-journal=no --console=pipe --machine={self._name} -D {self._root} "
            + " ".join(f"--bind-ro={source}:{target}" for source, target in self._binds.items())
        )
        with (self._memory / "console").open("wb") as console:
            self._process = subprocess.Popen(
                ["sh", "-c", join + command], stdin=subprocess.DEVNULL, stdout=console, stderr=console
            )
        until(self._booted, "boot of the container")

    def _booted(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._memory / "console").read_text(errors="replace")[-2000:]
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()
        if not children:
            return False
        self._pid = int(children[0])
        state = self.run("systemctl", "is-system-running", check=False).stdout.strip()
        return state in ("running", "degraded")

    def power_off(self) -> None:
        """End it; what was written stays in `written`."""
        process, self._process = self._process, None
        if process is not None:
            process.send_signal(signal.SIGTERM)  # to nspawn: an orderly power off
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for group in self._cgroups:
                until(lambda group=group: _removed(group), f"{group} to be empty")  # type: ignore[misc]
        if os.path.ismount(self._root):
            _run("umount", "--lazy", str(self._root))

    def discard(self) -> None:
        """Give the memory back."""
        if os.path.ismount(self._memory):
            _run("umount", "--lazy", str(self._memory))

    def run(self, *command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command inside, as root, to its end."""
        done = subprocess.run(self._inside(command), capture_output=True, text=True, timeout=600, check=False)
        assert not check or done.returncode == 0, (command, done.stdout, done.stderr)
        return done

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Run a command inside beside the test, until it ends or what is returned is terminated."""
        # nsenter does not pass a signal on to the command.
        command = ("setpriv", "--pdeathsig", "TERM", *command)
        return subprocess.Popen(self._inside(command), stdout=subprocess.PIPE, text=True)

    def _inside(self, command: Sequence[str]) -> list[str]:
        return ["nsenter", "--target", str(self._pid), "--all", "env", "-i", "PATH=/usr/local/sbin:/usr/local/bin:"
                "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", *command]  # fmt: skip

    def path(self, inside: str) -> Path:
        """Where a path of the container is on this machine."""
        return self._root / inside.lstrip("/")

    def write(self, inside: str, text: str, mode: int = 0o644) -> None:
        path = self.path(inside)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)

    def property(self, name: str) -> str:
        """What systemd says of the service."""
        return self.run("systemctl", "show", f"--property={name}", "--value", "classpulse-edge").stdout.strip()

    def journal(self) -> str:
        """What the service, and systemd about it, have said since the boot."""
        return self.run("journalctl", "--no-pager", "--output=cat", "--unit=classpulse-edge").stdout


class Subscriber:
    """A TLS client of the container's broker that sees everything; knows nothing but MQTT."""

    def __init__(self, container: Container, *options: str) -> None:
        command = ("mosquitto_sub", "-V", "5", "-h", "localhost", "-p", "8883", "-t", "#", "-F", "%r %t %p", *options)
        self.lines: list[str] = []
        """Retained (0 or 1), topic, payload."""
        self._process = container.start(*command)
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.wait()
        self._thread.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self.lines.append(line.rstrip("\n"))
                self._changed.notify_all()

    def wait_for(self, ready: Callable[[list[str]], bool]) -> list[str]:
        """The lines so far, once ready(lines)."""
        with self._changed:
            assert self._changed.wait_for(lambda: ready(self.lines), SECONDS), self.lines[-5:]
            return list(self.lines)

    def wait_for_status(self, status: str) -> None:
        """Until the classroom's last status is this."""
        self.wait_for(lambda lines: [x.split(" ")[2] for x in lines if "/status " in x][-1:] == [status])

    def observations(self) -> list[str]:
        """Payloads of what is seen now."""
        with self._changed:
            return [line.split(" ", 2)[2] for line in self.lines if line.split(" ", 2)[1].endswith("/observation")]

    def wait_for_observation(self) -> None:
        """Until another one comes than those so far."""
        count = len(self.observations())
        self.wait_for(lambda lines: sum("/observation " in line for line in lines) > count)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


def _cgroups() -> list[Path]:
    """Where systemd keeps its groups: the unified hierarchy, or version 1's own one, or both."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    return [
        Path(where)
        for _, where, kind, options, *_ in mounts
        if kind == "cgroup2" or "name=systemd" in options.split(",")
    ]


def _removed(group: Path) -> bool:
    """Remove a cgroup and those in it, depth first; False while a process is still in one."""
    try:
        for folder in sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True):
            folder.rmdir()
        group.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True
