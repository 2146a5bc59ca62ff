"""What becomes known of reservations makes the same documents in any order, however often it comes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.csms.storage.store import Index
from libs.ocpp_messages.message import Message
from services.user.reservations.model import Reservation
from services.user.service import User

from ..loop import run
from ..rest import SETTINGS
from ..transaction.fakes import InMemoryCollection
from .moment import NOW
from .reservation_messages import cancelled, deliver, reserved, reserved_16, updated, used

minutes = st.integers(-6, 0)
expiries = st.integers(-4, 2)
statuses = st.sampled_from(["Accepted", "Accepted", "Rejected"])


@st.composite
def messages(draw: st.DrawFn) -> Message:
    """A transaction may be published again, and a better time of its start may become known."""
    match draw(st.sampled_from(["reserve", "reserve16", "cancel", "update", "use", "use"])):
        case "reserve":
            return reserved(draw(minutes), draw(expiries), status=draw(statuses))
        case "reserve16":
            return reserved_16(draw(minutes), draw(expiries), id=draw(st.sampled_from(["a", "b"])))
        case "cancel":
            return cancelled(draw(minutes), draw(statuses))
        case "update":
            return updated(draw(minutes), draw(st.sampled_from(["Expired", "Removed", "NoTransaction"])))
    received = draw(minutes)
    return used(draw(st.integers(-7, received)), received, draw(st.sampled_from(["t1", "t2"])))


def unlike(message: Message) -> Any:
    """A command ends once, and always in the same way."""
    return message.message_id if message.action == "CommandEnded" else message


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_order(data: st.DataObject) -> None:
    once = data.draw(st.lists(messages(), min_size=1, max_size=8, unique_by=unlike))
    again = data.draw(st.lists(st.sampled_from(once), max_size=8))

    first = run(documents(once))
    second = run(documents(data.draw(st.permutations(once + again))))

    assert first == second


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_what_is_delivered_again_changes_nothing(data: st.DataObject) -> None:
    once = data.draw(st.lists(messages(), min_size=1, max_size=8, unique_by=unlike))

    async def delivered_twice() -> None:
        user = in_memory()
        await deliver(user, *once)
        before = await user.reservations.documents.get("CS1:7")
        await deliver(user, data.draw(st.sampled_from(once)))
        assert await user.reservations.documents.get("CS1:7") == before

    run(delivered_twice())


async def documents(order: list[Message]) -> Reservation | None:
    user = in_memory()
    await deliver(user, *order)
    return await user.reservations.documents.get("CS1:7")


def in_memory() -> User:
    return User.of(Dictionaries(), lambda: NOW, SETTINGS)


class Dictionaries:
    """A store in memory."""

    def collection(self, name: str, type_: type[Any], indexes: Sequence[Index] = ()) -> Any:
        return InMemoryCollection()

    def has_room(self) -> bool:
        return True

    async def close(self) -> None:
        """Nothing is open."""
