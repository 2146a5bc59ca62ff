"""What can be wrong with what a caller asks. ``libs.csms.web.problems`` makes HTTP of it.

DomainError
├── Unauthenticated  the credentials are wrong or missing
├── Forbidden        the caller is known, and may not do it
├── NotFound         there is no such thing
├── Conflict         it cannot be done in the state that things are in
├── Invalid          what was sent breaks a rule
├── TooLarge         what was sent is too long
├── TooMany          too much is waiting already
├── Unavailable      somebody who must be asked does not answer
└── NoAnswer         the charging station has not answered in time
"""

from __future__ import annotations

from typing import Any


class DomainError(Exception):
    """``detail`` is a sentence for the caller, which names the place in his own terms and what to do.

    ``members`` are further facts for programs, such as ``commandId``. ``retry_after`` is in seconds, where
    trying again later may succeed. ``location`` is where what was asked for can be read, as a path.
    """

    def __init__(
        self, detail: str, *, retry_after: int | None = None, location: str | None = None, **members: Any
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.retry_after = retry_after
        self.location = location
        self.members = members


class Unauthenticated(DomainError):
    """The credentials are wrong or missing."""


class Forbidden(DomainError):
    """The caller is known, and may not do it."""


class NotFound(DomainError):
    """There is no such thing, or none any more."""


class Conflict(DomainError):
    """It cannot be done in the state that things are in; later the same request may succeed."""


class Invalid(DomainError):
    """What was sent breaks a rule of OCPP or of this API; sent again, it will again."""


class TooLarge(DomainError):
    """What was sent is longer than anybody takes."""


class TooMany(DomainError):
    """Too much of this is waiting already."""


class Unavailable(DomainError):
    """Somebody who must be asked does not answer now."""


class NoAnswer(DomainError):
    """The charging station has not answered in time; what was sent may have been carried out."""
