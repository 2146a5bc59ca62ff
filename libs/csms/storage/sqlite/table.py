"""The table of a collection: documents as JSON, and the fields that are indexed in columns of their own.

SQLite could index expressions over the JSON, and would then renew every index with every write. Columns are
renewed where a document changed in one of them, which of most collections it seldom does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import attrgetter

from ..store import Document, Index, checked_field


class Table:
    """The SQL of one table. A column is named by the JSON path of its field, such as ``$.stationId``."""

    def __init__(self, name: str, type_: type[Document], indexes: Sequence[Index] = ()) -> None:
        """Raises ``ValueError`` for an index of a field that documents of the type do not have."""
        embedded = [index.fields for index in indexes if index.embedded and not index.contains]
        self.name = name
        self.type = type_
        self._columns = sorted({_path(field) for fields in embedded for field in fields})
        self._indexes = {_index_name(name, fields): fields for fields in embedded}
        names = {info.alias or name: name for name, info in type_.model_fields.items()}
        indexed = {field.partition(".")[0] for fields in embedded for field in fields}
        if unknown := indexed - names.keys():
            raise ValueError(f"{name}: {type_.__name__} has no field {', '.join(unknown)}")
        self._indexed_fields = attrgetter(*map(names.__getitem__, indexed)) if indexed else None

    def has_same_columns(self, one: Document, other: Document) -> bool:
        """Whether the second may take the place of the first without a change to any column."""
        fields = self._indexed_fields
        return fields is None or bool(fields(one) == fields(other))

    def expression(self, field: str) -> str:
        """The field of a document, in SQL."""
        path = _path(field)
        return f'"{path}"' if path in self._columns else f"json_extract(doc, '{path}')"

    def definitions(self, indexes: set[str], columns: set[str]) -> list[str]:
        """What makes the table out of one that has these. Nothing, at most starts of a service."""
        if not columns:
            return [f'CREATE TABLE "{self.name}" ({", ".join(self._all_columns())})', *self._create(set())]
        statements = [f'DROP INDEX "{old}"' for old in indexes - self._indexes.keys()]
        known = columns - {"id", "doc"}
        statements += [f'ALTER TABLE "{self.name}" DROP COLUMN "{path}"' for path in known - {*self._columns}]
        if new := [path for path in self._columns if path not in known]:
            statements += [f'ALTER TABLE "{self.name}" ADD COLUMN "{path}"' for path in new]
            values = ", ".join(f"\"{path}\" = json_extract(doc, '{path}')" for path in new)
            statements.append(f'UPDATE "{self.name}" SET {values}')
        return statements + self._create(indexes)

    def put(self, count: int) -> str:
        """Writes so many documents, whose ids and JSON are its values in turn."""
        columns = ["id", "doc", *(f'"{path}"' for path in self._columns)]
        values = ["column1", "column2", *(f"json_extract(column2, '{path}')" for path in self._columns)]
        return (
            f'INSERT INTO "{self.name}" ({", ".join(columns)}) '
            f"SELECT {', '.join(values)} FROM (VALUES {_values(count)}) WHERE true "
            f"ON CONFLICT (id) DO UPDATE SET {', '.join(f'{each} = excluded.{each}' for each in columns[1:])}"
        )

    def replace(self, count: int) -> str:
        """As ``put``, for documents that are there and whose columns do not change."""
        return (
            f'INSERT INTO "{self.name}" (id, doc) VALUES {_values(count)} '
            "ON CONFLICT (id) DO UPDATE SET doc = excluded.doc"
        )

    def _all_columns(self) -> Iterable[str]:
        return "id TEXT PRIMARY KEY", "doc TEXT NOT NULL", *(f'"{path}"' for path in self._columns)

    def _create(self, known: set[str]) -> list[str]:
        return [
            f'CREATE INDEX "{index}" ON "{self.name}" ({", ".join([*map(self.expression, fields), "id"])})'
            for index, fields in self._indexes.items()
            if index not in known
        ]


@lru_cache(maxsize=1024)
def _path(field: str) -> str:
    return f"$.{checked_field(field)}"


def _index_name(table: str, fields: Iterable[str]) -> str:
    return f"{table} by {', '.join(map(_path, fields))}"


def _values(count: int) -> str:
    return ", ".join(["(?, ?)"] * count)
