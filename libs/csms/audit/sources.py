"""Where an audit trail is read from, to verify or export it: the REST API, or a file that was exported."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import TypeVar

import httpx
import orjson

from ..storage.store import Document
from .model import LOGGED_HEAD, OPENING, Record, Segment, SegmentHead
from .verify import Unreadable, has_gaps, last_number, until

PAGE_SIZE = 1_000

Stored = TypeVar("Stored", bound=Document)


class ApiSource:
    """The trail of a CSMS, which may add to it meanwhile."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def segments(self) -> list[Segment]:
        return [one async for one, _ in self._every("/audit/segments", Segment)]

    async def openings(self) -> list[Record]:
        return [one async for one, _ in self._every("/audit", Record, action=OPENING)]

    async def records(self) -> AsyncIterator[list[Record]]:
        group: list[Record] = []
        began = ""
        async for record, token in self._every("/audit/records", Record):
            if group and record.segment != group[0].segment:
                yield await self._at_one_moment(group, began)
                group = []
            if not group:
                began = token
            group.append(record)
        if group:
            yield await self._at_one_moment(group, began)

    async def _at_one_moment(self, records: list[Record], began: str) -> list[Record]:
        """Ends of earlier pages may have been added while later pages were read: they are there by now."""
        if not has_gaps(records):
            return records
        again = []
        async for record, _ in self._every("/audit/records", Record, began):
            if record.segment == records[0].segment:
                again.append(record)
            elif again:
                break
        return until(again, last_number(records))

    async def _every(
        self, path: str, type_: type[Stored], token: str = "", **filters: str
    ) -> AsyncIterator[tuple[Stored, str]]:
        """Each with the token of its page. Raises ``httpx.HTTPError``, and ``Unreadable`` with the last one
        that can be read.
        """
        size, last = PAGE_SIZE, ""
        while True:
            parameters = {"pageSize": str(size), "pageToken": token, **filters}
            response = await self._client.get(path, params=parameters)
            if response.status_code == 500 and size > 1:
                size = 1
                continue
            if response.status_code == 500:
                raise Unreadable(f"{path}: one of the next after {last or 'the beginning'} cannot be read")
            response.raise_for_status()
            page = response.json()
            for item in page["items"]:
                yield type_.model_validate(item), token
                last = item["id"]
            if "nextPageToken" not in page:
                return
            token = page["nextPageToken"]


class FileSource:
    """A file with a JSON object in each line: ``segment`` or ``record``."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def segments(self) -> list[Segment]:
        return list(self._documents("segment", Segment))

    async def openings(self) -> list[Record]:
        return [one for one in self._documents("record", Record) if one.kind == "opening"]

    async def records(self) -> AsyncIterator[list[Record]]:
        for _, group in groupby(self._documents("record", Record), lambda record: record.segment):
            yield list(group)

    def _documents(self, name: str, type_: type[Stored]) -> Iterator[Stored]:
        """Raises ``Unreadable``."""
        with self._file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    content = orjson.loads(line)
                    if name in content:
                        yield type_.model_validate(content[name])
                except (ValueError, TypeError) as error:
                    raise Unreadable(f"{self._file}: line {number} cannot be read") from error


def logged_heads(file: Path) -> list[SegmentHead]:
    """In the log of services, one JSON object in each line. Other lines are passed over."""
    heads = []
    with file.open("rb") as lines:
        for line in lines:
            if LOGGED_HEAD.encode() in line:
                text = str(orjson.loads(line)["message"])
                heads.append(SegmentHead.model_validate_json(text.removeprefix(LOGGED_HEAD)))
    return heads


async def export(source: ApiSource, write: Callable[[bytes], object]) -> int:
    """Write the whole trail as a file from which ``FileSource`` reads it. Returns how many records it has.

    Segments that begin meanwhile are left out: they may name heads of others that had been written before.
    """
    segments = {one.id: one for one in await source.segments()}
    for segment in segments.values():
        write(_line("segment", segment))
    count = 0
    async for records in source.records():
        id = records[0].segment
        if id not in segments and any(one.id == id for one in await source.segments()):
            continue
        for record in records:
            write(_line("record", record))
        count += len(records)
    return count


def _line(name: str, document: Document) -> bytes:
    content = document.model_dump(mode="json", by_alias=True, exclude_none=True)
    return orjson.dumps({name: content}) + b"\n"
