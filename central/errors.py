"""The errors that central raises on purpose, beside those of `edge.errors`.

ClassPulseError (edge.errors)
├── WebError                  the dashboard cannot be served: its port, its certificate
└── StoreError                the database cannot be used until somebody does something about it
    ├── NewerStoreError       a newer version of the program has written it
    └── StoreBusyError        not now: it is locked, or its disk is full; nothing has changed in it
"""

from __future__ import annotations

from edge.errors import ClassPulseError


class WebError(ClassPulseError):
    """The dashboard cannot be served as the config asks for."""


class StoreError(ClassPulseError):
    """The database cannot be opened, or is damaged."""


class NewerStoreError(StoreError):
    """A newer version has written the database. 65 is EX_DATAERR of sysexits.h: restarting will not help."""

    exit_code = 65


class StoreBusyError(StoreError):
    """The database cannot be written now; the same may work later."""
