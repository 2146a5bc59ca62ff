"""The plain-text pages of the gateway's port, for people and for those that watch over it."""

from __future__ import annotations

from libs.ocpp_messages.version import Version

_HINT = "This is the WebSocket gateway of an OCPP CSMS: charging stations connect to ws://HOST:PORT/ocpp/{stationId}\n"

_DOCS = f"""\
WebSocket endpoint for charging stations (OCPP-J)

  ws://HOST:PORT/ocpp/{{stationId}}

stationId        the station's identity, percent-encoded; at most 48 characters
Subprotocols     {", ".join(Version)}; the first that the station offers and this list has
Authorization    Basic, user name = stationId, where the station is registered with a secret
Compression      permessage-deflate, without context takeover
Refusals         400 bad identity or subprotocol, 401 credentials, 404 unknown station or path,
                 426 no WebSocket handshake, 503 not now (Retry-After)
Close codes      1003 binary frame, 1008 replaced by a newer connection, 1009 frame too long,
                 1012 restart of the CSMS, 1013 not now

GET /healthz     200 while the process lives
GET /readyz      200 while stations can connect, else 503
"""


def page(target: str, ready: bool) -> tuple[int, str] | None:
    """Status and text of the page that a request target names, or None."""
    match target.partition("?")[0]:
        case "/":
            return 200, _HINT
        case "/healthz":
            return 200, "ok\n"
        case "/readyz":
            return (200, "ready\n") if ready else (503, "not ready\n")
        case "/docs":
            return 200, _DOCS
    return None
