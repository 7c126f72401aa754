"""Until when each classroom's certificate lasts, by the register of the school's own authority, if it lies here."""

from __future__ import annotations

import logging
from datetime import date, tzinfo
from pathlib import Path

from central import pki_registry
from central.pki_files import AuthorityError

_log = logging.getLogger(__name__)


class CertificateDates:
    """Reads the register whenever it is asked: it is small, and may be copied anew at any time."""

    def __init__(self, register: Path | None) -> None:
        """register: `registry.json` of the authority, or a copy; None: it is kept elsewhere."""
        self._register = register
        self._said: str | None = None

    def by_classroom(self, zone: tzinfo) -> dict[str, date]:
        """The last day, in zone, of the certificate that lasts longest, or lasted, of each classroom that has one."""
        if self._register is None:
            return {}
        try:
            registry = pki_registry.load(self._register)
        except AuthorityError as error:
            self._say(f"{error}; the dashboard cannot say when certificates expire")
            return {}
        self._said = None
        dates: dict[str, date] = {}
        for issued in registry.certificates:
            if issued.kind == "classroom" and issued.revoked_at is None:
                expires = issued.expires.astimezone(zone).date()
                dates[issued.name] = max(expires, dates.get(issued.name, expires))
        return dates

    def _say(self, reason: str) -> None:
        """Once for each reason in a row."""
        if reason != self._said:
            self._said = reason
            _log.warning("%s", reason)
