"""The loop converges: after any sequence of edits, crashes and troubles, a station at rest has its list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.csms.clients.stations import DeviceClient, command_id
from libs.csms.errors import DomainError
from libs.csms.storage.store import Index, Page, Query
from libs.ocpp_messages.event import StationDeleted
from libs.ocpp_messages.version import Version
from services.user.service import User
from services.user.tokens.bodies import IdTokenBody, NewIdToken

from ..loop import run
from ..rest import SETTINGS
from ..transaction.fakes import InMemoryCollection
from .device_api import DeviceApi, FakeStation, _operation, limit
from .world import NOBODY, Died, World

ITEMS_PER_MESSAGE = 2
TEXTS = ["A", "B", "C", "D"]
ACCEPTED = {"status": "Accepted"}
STATION_TROUBLE = ["Failed", "VersionMismatch", "InternalError", "NotSupported", "silence", "never sent"]
DEVICE_TROUBLE = ["409", "422", "429", "500", "down", "request lost", "answer lost"]


class Station(FakeStation):
    """Without a list it takes no changes to it. One of OCPP 1.6 knows no types of tokens."""

    def receive(self, body: Any) -> str:
        entries = body["localAuthorizationList"]
        assert len(entries) <= ITEMS_PER_MESSAGE
        if self.version == 0 and body["updateType"] == "Differential" and not self.next_answers:
            return "Failed"
        entries = [entry | {"type": self.type_of(entry["type"])} for entry in entries]
        return super().receive(body | {"localAuthorizationList": entries})

    def type_of(self, type_: str) -> str:
        return "" if self.ocpp_version == Version.V16 else type_.casefold()


class Device(DeviceClient):
    """The device service, without HTTP. It makes one command for each idempotency key."""

    def __init__(self, version: Version) -> None:
        self.commands: dict[str, tuple[Any, httpx.Response]] = {}
        self.api = DeviceApi()
        self.replace(version)

    @property
    def station(self) -> Station:
        found = self.api.stations["CS1"]
        assert isinstance(found, Station)
        return found

    def replace(self, version: Version) -> None:
        limits = [limit("ItemsPerMessage", ITEMS_PER_MESSAGE)]
        self.api.stations["CS1"] = Station(ocpp_version=version, variables=limits)

    async def exists(self, station_id: str) -> bool:
        return True

    async def status(self, station_id: str) -> Any:
        return {"connected": self.station.connected, "ocppVersion": self.station.ocpp_version}

    async def variables(self, station_id: str, component: str) -> Any:
        return self.station.variables

    async def operate(
        self, station_id: str, operation: str, body: Any, key: str | None = None, wait: float = 0
    ) -> httpx.Response:
        if key is None:
            return httpx.Response(200, json={"result": {"versionNumber": self.station.version}})
        answers, trouble = self.station.next_answers, ""
        if key not in self.commands:
            trouble = answers.pop(0) if answers and answers[0] in DEVICE_TROUBLE else ""
            if trouble == "down":
                raise httpx.ConnectError(trouble)
            if trouble.isdecimal() or not self.station.connected:
                return httpx.Response(int(trouble or 409), json={"detail": "refused as asked"})
            heard = "silence" if trouble == "request lost" else self.station.receive(body)
            status, answer = _operation(command_id(station_id, key), heard)
            self.commands[key] = body, httpx.Response(status, json=answer)
        requested, response = self.commands[key]
        assert requested == body, "the same key for another list"
        if trouble == "answer lost":
            raise httpx.ReadError(trouble)
        return response


class Shelf(InMemoryCollection):
    """A collection that can delete and find, too."""

    async def delete(self, id: str) -> Any:
        return self.documents.pop(id, None)

    async def find(self, query: Query) -> Page[Any]:
        found = [(self._place(one, query.order_by), one) for one in self.documents.values()]
        return Page([one for place, one in found if place is not None and place < (query.to or "~")])

    def _place(self, document: Any, field: str) -> Any:
        return document.model_dump(mode="json", by_alias=True).get(field) if field else ""


class Memory:
    """A store."""

    def collection(self, name: str, type_: type[Any], indexes: Sequence[Index] = ()) -> Any:
        return Shelf()

    def has_room(self) -> bool:
        return True

    async def close(self) -> None:
        """Nothing is open."""


class Story:
    """A station that loses, refuses and forgets, and the list that it is to have."""

    def __init__(self, version: Version) -> None:
        self.version, self.device = version, Device(version)
        user = User.of(Memory(), lambda: self.world.now, SETTINGS)
        self.world = World(user, self.device.api, self.device, NOBODY._client)
        self.late_events: list[Callable[[], Awaitable[None]]] = []
        self.foreign_commands = 0

    async def edit(self, process: World, kind: str, texts: list[str]) -> None:
        """By a client, or work on what clients have edited."""
        lists, tokens, text = process.user.local_lists, process.user.tokens, texts[0]
        match kind:
            case "put":
                await lists.replace(self.device, "CS1", texts)
            case "patch":
                await lists.patch("CS1", [text], texts[1:])
            case "delete":
                await lists.delete("CS1")
            case "change token":
                await tokens.patch(text, IdTokenBody(status="Blocked" if texts[1:] else "Accepted"))
            case "change type":
                await tokens.patch(text, IdTokenBody(type="eMAID"))
            case "create token":
                await tokens.create(NewIdToken(id_token=text))
            case "delete token":
                await tokens.delete(text)
            case "work":
                await process.work()

    async def misfortune(self, kind: str, text: str, trouble: list[str]) -> None:
        station = self.device.station
        match kind:
            case "trouble":
                station.next_answers += trouble
            case "disconnects":
                station.connected = False
            case "connects":
                await self.world.connects()
            case "forgets":
                station.version, station.listed = 0, {}
            case "is replaced":
                self.device.replace(self.version)
                deleted = partial(self.world.event, "StationDeleted", StationDeleted(), self.world.now)
                self.late_events.append(deleted)
            case "gets another list":
                station.version, station.listed = station.version + 1, {}
                number = "listVersion" if self.version is Version.V16 else "versionNumber"
                self.foreign_command("SendLocalList", {number: station.version, "updateType": "Full"})
            case "is cleared" if self.version is not Version.V16:
                token = {"idToken": text, "type": "ISO14443"}
                station.listed = {
                    place: info for place, info in station.listed.items() if place[0] != text.casefold()
                }
                self.foreign_command(
                    "CustomerInformation", {"requestId": 1, "report": False, "clear": True, "idToken": token}
                )
            case "events":
                await self.events_arrive()

    def foreign_command(self, action: str, payload: Any) -> None:
        """Its result is still on its way."""
        self.foreign_commands += 1
        id = f"theirs-{self.foreign_commands}"
        ended = partial(self.world.ended, action, id, payload, ACCEPTED, version=self.version)
        self.late_events.append(ended)

    async def events_arrive(self) -> None:
        """Twice, as the bus may deliver them."""
        events, self.late_events = self.late_events * 2, []
        for event in events:
            await event()

    async def ends(self) -> None:
        """Nothing goes wrong any more. The list gets a new token, so that there is something to send."""
        self.device.station.next_answers.clear()
        await self.events_arrive()
        await self.world.connects()
        for _ in range(4):
            await self.world.later(minutes=4)
        await self.edit(self.world, "create token", ["NEW"])
        try:
            await self.edit(self.world, "patch", ["NEW"])
        except DomainError:
            await self.edit(self.world, "put", ["NEW"])
        await self.world.work()


EDITS = ["put", "patch", "delete", "change token", "change type", "create token", "delete token", "work"]
MISFORTUNES = [
    *("trouble", "disconnects", "connects", "forgets", "is replaced", "gets another list", "is cleared"),
    "events",
]
texts = st.lists(st.sampled_from(TEXTS), unique=True, min_size=1)
edits = st.tuples(st.sampled_from(EDITS), texts, st.none() | st.integers(0, 4))
misfortunes = st.tuples(
    st.sampled_from(MISFORTUNES),
    st.sampled_from(TEXTS),
    st.lists(st.sampled_from(STATION_TROUBLE + DEVICE_TROUBLE), min_size=1, max_size=3),
)
pauses = st.sampled_from([None, 0, 6, 20, 130, 400])


@pytest.mark.parametrize("version", [Version.V16, Version.V201])
@settings(max_examples=80, deadline=None)
@given(steps=st.lists(st.tuples(edits | misfortunes, pauses), max_size=15))
def test_after_whatever_happens_the_station_has_its_list(version: Version, steps: list[Any]) -> None:
    """Every edit may be cut short: ``writes`` are those after which the user service dies."""
    run(told(Story(version), steps))


async def told(story: Story, steps: list[Any]) -> None:
    for text in TEXTS:
        await story.edit(story.world, "create token", [text])
    await story.edit(story.world, "put", TEXTS)
    for (kind, what, how), pause in steps:
        if kind in MISFORTUNES:
            await story.misfortune(kind, what, how)
        else:
            process = story.world if how is None else story.world.mortal(how)
            with suppress(Died, ExceptionGroup, DomainError):
                await story.edit(process, kind, what)
        if pause is not None:
            await story.world.later(seconds=pause)
    await story.ends()

    known, station = await story.world.document(), story.device.station
    tokens = [await story.world.user.tokens.existing(one.id_token) for one in known.desired.values()]
    assert (known.status, known.version) == ("synchronized", station.version)
    assert {(place, info["status"]) for place, info in station.listed.items()} == {
        ((str(token.id_token).casefold(), station.type_of(token.type)), token.status) for token in tokens
    }
