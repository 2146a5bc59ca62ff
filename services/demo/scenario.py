"""The invented operator as data: what stands where, who charges, and what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle, islice
from typing import Any

from libs.ocpp_messages.version import Version
from services.simulator.messages import Identity, VersionMessages
from services.simulator.messages_v2 import MessagesV2
from services.simulator.messages_v16 import MessagesV16


@dataclass(frozen=True)
class Model:
    """A model of charging station. Vendors and models are invented."""

    vendor: str
    name: str
    version: Version
    firmware: str
    power_w: int
    """Of each connector."""
    connectors: int = 2
    is_dc: bool = False
    """It knows the state of charge of the vehicle."""


@dataclass(frozen=True)
class DemoStation:
    id: str
    group: str
    lat: float
    lng: float
    model: Model
    trouble: str = ""
    """One of the names below, or none."""

    @property
    def secret(self) -> str:
        """For HTTP Basic authentication, invented as the rest is. Empty where the station needs none."""
        return f"the secret of {self.id}" if self.trouble == WRONG_SECRET or self.model.is_dc else ""

    @property
    def messages(self) -> VersionMessages:
        """Makes its requests."""
        identity = Identity(self.model.vendor, self.model.name, self.model.firmware)
        version = self.model.version
        return MessagesV16(identity) if version is Version.V16 else MessagesV2(version, identity)


FAULTED = "faulted"
"""Its last connector has a fault."""
AWAY = "away"
"""It went away yesterday, in the middle of a session, and has not come back."""
WRONG_SECRET = "wrong secret"
"""It is refused at the door."""
LOST_MESSAGES = "lost messages"
"""Messages of one of its sessions never came, for it was away meanwhile."""
REJECTS = "rejects"
"""It is asked for something that it refuses."""
FAILED_UPDATE = "failed update"
"""It cannot download the firmware that it is offered."""
NO_LIST = "no list"
"""It refuses its local list."""
ODD_TIMES = "odd times"
"""It writes times in a form that OCPP does not have."""
MUTE = "mute"
"""It answers no command."""

UNKNOWN_STATION = "R-Arcaden-P2"
"""Stands at the door, and nobody has registered it."""

MODELS = (
    Model("Elbwerk", "Kai 22", Version.V16, "3.8.2", 22_000),
    Model("Voltanker", "Duo", Version.V201, "2025.11", 22_000),
    Model("Nordlade", "Rapid 150", Version.V201, "7.1.0", 150_000, is_dc=True),
    Model("Heliomatik", "One", Version.V21, "1.4.0", 11_000, connectors=1),
    Model("Elbwerk", "Kai 11", Version.V16, "3.6.9", 11_000, connectors=1),
    Model("Heliomatik", "Sprint 300", Version.V21, "1.3.7", 300_000, is_dc=True),
    Model("Nordlade", "Rapid 50", Version.V16, "5.20", 50_000, connectors=1, is_dc=True),
    Model("Voltanker", "Duo", Version.V201, "2026.02", 22_000),
)
"""The stations take turns, so that the first few are of all versions."""

_TROUBLES = {
    "HH-Altona": LOST_MESSAGES,
    "B-Alexanderplatz": FAULTED,
    "M-Olympiapark": NO_LIST,
    "K-Dom": AWAY,
    "F-Hauptwache": WRONG_SECRET,
    "HH-Landungsbruecken": REJECTS,
    "S-Killesberg": FAILED_UPDATE,
    "DD-Altmarkt": ODD_TIMES,
    "L-Augustusplatz": MUTE,
}

_PLACES: tuple[tuple[str, str, float, float], ...] = (
    ("B-Alexanderplatz", "East", 52.5219, 13.4132),
    ("HH-Altona", "North", 53.5527, 9.9353),
    ("M-Olympiapark", "South", 48.1731, 11.5466),
    ("K-Dom", "West", 50.9413, 6.9583),
    ("F-Hauptwache", "West", 50.1136, 8.6797),
    ("HH-Landungsbruecken", "North", 53.5459, 9.9681),
    ("S-Killesberg", "South", 48.8058, 9.1715),
    ("DD-Altmarkt", "East", 51.0493, 13.7381),
    ("L-Augustusplatz", "East", 51.3397, 12.3810),
    ("H-Maschsee", "North", 52.3540, 9.7430),
    ("HB-Buergerweide", "North", 53.0864, 8.8137),
    ("N-Hauptmarkt", "South", 49.4539, 11.0775),
    ("D-Rheinufer", "West", 51.2257, 6.7712),
    ("DO-Westfalenhallen", "West", 51.4965, 7.4570),
    ("E-Gruga", "West", 51.4310, 6.9960),
    ("B-Suedkreuz", "East", 52.4757, 13.3656),
    ("B-Ostbahnhof", "East", 52.5103, 13.4347),
    ("M-Theresienwiese", "South", 48.1314, 11.5496),
    ("M-Riem", "South", 48.1340, 11.6910),
    ("HRO-Stadthafen", "North", 54.0930, 12.1290),
    ("KI-Foerde", "North", 54.3233, 10.1394),
    ("HL-Holstentor", "North", 53.8662, 10.6797),
    ("FL-Hafenspitze", "North", 54.7880, 9.4360),
    ("OL-Pferdemarkt", "North", 53.1465, 8.2150),
    ("WHV-Suedstrand", "North", 53.5130, 8.1380),
    ("EMD-Delft", "North", 53.3667, 7.2062),
    ("OS-Ledenhof", "North", 52.2722, 8.0443),
    ("MS-Schlossplatz", "West", 51.9637, 7.6131),
    ("BI-Kesselbrink", "West", 52.0236, 8.5400),
    ("PB-Maspernplatz", "West", 51.7217, 8.7573),
    ("KS-Karlsaue", "West", 51.3060, 9.5000),
    ("GOE-Bahnhof", "North", 51.5365, 9.9264),
    ("BS-Buergerpark", "North", 52.2560, 10.5260),
    ("WOB-Allerpark", "North", 52.4349, 10.8100),
    ("MD-Elbuferpark", "East", 52.1265, 11.6420),
    ("P-Lustgarten", "East", 52.3953, 13.0570),
    ("CB-Stadthalle", "East", 51.7570, 14.3270),
    ("FF-Oderturm", "East", 52.3410, 14.5520),
    ("SN-Schlossgarten", "North", 53.6240, 11.4150),
    ("HST-Hafen", "North", 54.3160, 13.0970),
    ("EF-Domplatz", "East", 50.9763, 11.0240),
    ("J-Volksbad", "East", 50.9260, 11.5910),
    ("C-Theaterplatz", "East", 50.8357, 12.9240),
    ("HAL-Riebeckplatz", "East", 51.4795, 11.9840),
    ("WUE-Talavera", "South", 49.7985, 9.9210),
    ("R-Dultplatz", "South", 49.0235, 12.0870),
    ("PA-Donaulaende", "South", 48.5750, 13.4550),
    ("A-Plaerrer", "South", 48.3745, 10.8850),
    ("UL-Muenster", "South", 48.3985, 9.9915),
    ("KN-Bodensee", "South", 47.6650, 9.1780),
    ("FR-Messe", "South", 48.0180, 7.8340),
    ("KA-Schloss", "South", 49.0120, 8.4030),
    ("MA-Wasserturm", "South", 49.4840, 8.4760),
    ("HD-Neckarwiese", "South", 49.4150, 8.6870),
    ("SB-Saarufer", "West", 49.2330, 6.9960),
    ("TR-Porta-Nigra", "West", 49.7597, 6.6440),
    ("KO-Deutsches-Eck", "West", 50.3640, 7.6040),
    ("MZ-Rheinufer", "West", 50.0030, 8.2770),
    ("BN-Rheinaue", "West", 50.7150, 7.1340),
    ("AC-Tivoli", "West", 50.7930, 6.0970),
)
"""Public car parks, roughly: id, group, latitude and longitude in degrees."""

MAX_STATIONS = len(_PLACES)

STATIONS = tuple(
    DemoStation(id, group, lat, lng, model, _TROUBLES.get(id, ""))
    for (id, group, lat, lng), model in zip(_PLACES, islice(cycle(MODELS), MAX_STATIONS), strict=True)
)
"""Those with troubles come early, so that also a small demo has them."""


def _drivers() -> list[dict[str, Any]]:
    return [
        {"idToken": f"04{number * 0x5B3A91C7 % 0x1_0000_0000:08X}{number:02X}80", "note": f"card {number}"}
        for number in range(1, 41)
    ]


DRIVERS: tuple[dict[str, Any], ...] = (
    *_drivers(),
    *(
        {"idToken": f"FLEET-{number:02}", "groupIdToken": "PARCEL", "note": "parcel fleet"}
        for number in range(1, 9)
    ),
)
"""Cards that charge, as REST bodies."""

OTHER_TOKENS: tuple[dict[str, Any], ...] = (
    {"idToken": "04BAD0CAFE0080", "status": "Blocked", "note": "reported stolen"},
    {"idToken": "04EXP1RED00080", "note": "trial month", "expiryDateTime": "2020-01-01T00:00:00Z"},
    {"idToken": "DE-EXM-C00012345-6", "type": "eMAID", "note": "roaming contract"},
    {"idToken": "DE-EXM-C00077001-K", "type": "eMAID", "note": "roaming contract"},
    {"idToken": "PHONE-APP", "type": "Central", "note": "starts from the app"},
    {"idToken": "MASTER-1", "type": "MasterPass", "note": "service staff"},
    {"idToken": "4711", "type": "KeyCode", "note": "works yard"},
)
"""Cards that are refused, and tokens of types that no simulated station reads."""

BLOCKED_TOKEN = "04BAD0CAFE0080"
