"""Why somebody may not do what they asked for.

ClassPulseError (edge.errors)
└── AccountError
    ├── UnknownAccountError     there is none of that name
    ├── AccountConflictError    it cannot be so: the name is taken, or nobody could get in any more
    ├── InvalidAccountError     a name, role or group that no account may have
    ├── WeakPasswordError       others would guess it
    ├── LoginRefusedError       wrong name or password; never says which
    ├── InvitationError         the link was used, replaced or is too old
    ├── ThrottledError          too many wrong ones: later
    └── CrowdedError            too many at once: in a moment
"""

from __future__ import annotations

import math

from edge.errors import ClassPulseError


class AccountError(ClassPulseError):
    """Root of the errors of this package."""


class UnknownAccountError(AccountError):
    """There is no account of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no account {name!r}")


class AccountConflictError(AccountError):
    """What is there speaks against it."""


class InvalidAccountError(AccountError):
    """No account may be like that."""


class WeakPasswordError(AccountError):
    """The password is too short, or one of the first that anybody would try."""


class LoginRefusedError(AccountError):
    """The name or the password is wrong, or the account is locked. One message for all, so that nobody learns names."""

    def __init__(self) -> None:
        super().__init__("the name or the password is wrong; an admin can make a new invitation link for you")


class InvitationError(AccountError):
    """The link does not open anything, or no longer."""

    def __init__(self) -> None:
        super().__init__("this link was used already, or replaced, or is too old; an admin can make a new one")


class ThrottledError(AccountError):
    """Too many were wrong."""

    def __init__(self, retry_after: int) -> None:
        """retry_after: seconds."""
        minutes = math.ceil(retry_after / 60)
        super().__init__(f"too many wrong passwords; try again in {minutes} minute{'s' if minutes > 1 else ''}")
        self.retry_after = retry_after


class CrowdedError(AccountError):
    """More people want to log in at once than passwords can be checked."""

    def __init__(self) -> None:
        super().__init__("many are logging in just now; try again in a moment")
