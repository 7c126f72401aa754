"""What the kernel says of a process (proc(5))."""

from __future__ import annotations

import os
from pathlib import Path


def memory(pid: int) -> tuple[int, int]:
    """Resident memory of a process now, and the most it ever had, bytes."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    kilobytes = {name: value.split()[0] for name, _, value in (line.partition(":") for line in lines) if value.split()}
    return int(kilobytes["VmRSS"]) * 1024, int(kilobytes["VmHWM"]) * 1024


def processor_seconds(pid: int) -> float:
    """What all threads of a process have used of the processors."""
    # The name of the program, in brackets, may hold anything; utime and stime are the 14th and 15th field.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
