"""Rows written and read in few statements, where the ORM takes one for each row and composes it anew each time.

The models stay the one place that knows tables, columns and types: all SQL here is made from them.
"""
# ruff: noqa: SLF001 Django documents `_meta` for this, and sets `_state` from outside itself

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, TypeAlias, TypeVar

import orjson
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import AutoField, Field, ForeignKey, JSONField, Model

from allcore.api.json import dumps

Row = TypeVar("Row", bound=Model)
AnyField: TypeAlias = "Field[Any, Any]"
Pointer: TypeAlias = "ForeignKey[Any, Any]"
Values = Sequence[Any]
Groups: TypeAlias = dict[type[Model], list[Model]]


def read(sql: str, asked: Values | dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of one SELECT, or of what another statement returns."""
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        return list(cursor.fetchall())


def columns(model: type[Model], alias: str) -> str:
    """Return the model's columns for a SELECT, each with the table's alias, in the order in which `take` takes them."""
    return ", ".join(f'{alias}."{field.column}"' for field in model._meta.concrete_fields)


def take(model: type[Row], values: Iterator[Any]) -> Row:
    """Return the instance that the next of the values are."""
    fields = model._meta.concrete_fields
    known = [_read_value(field, next(values)) for field in fields]
    return model.from_db(DEFAULT_DB_ALIAS, [field.attname for field in fields], known)


def write(new: Iterable[Model], *, changed: Sequence[Model] = (), names: tuple[str, ...] = ()) -> None:
    """Insert rows, of whatever models, and update the named fields of rows of one model; all in one statement.

    The keys that the database gives are set on the rows. A new row may point to one given before it whose key is not
    known yet, where that is the only one of its model.

    Raises:
        LookupError: a row to change is not there; the caller's transaction must not go on.
    """
    groups: Groups = {}
    for row in new:
        groups.setdefault(type(row), []).append(row)
    parts = {_name(model): _insert(model, _links(rows, groups)) for model, rows in groups.items()}
    asked = [_json(_written(model), rows) for model, rows in groups.items()]
    answers = [_keys(model) for model in groups if _numbered(model) is not None]
    if changed:
        model = type(changed[0])
        parts["changed"] = _update(model, names)
        asked.append(_json((_key(model), *_fields(model, names)), changed))
    statement = ", ".join(f"{name} AS ({part})" for name, part in parts.items())
    counted = "(SELECT count(*) FROM changed)" if changed else "0"
    ((count, *keys),) = read(f"WITH {statement} SELECT {', '.join((counted, *answers))}", asked)
    if count != len(changed):
        raise LookupError(f"{len(changed)} rows were to change, were {count}.")
    _settle(groups, keys)


def _read_value(field: AnyField, value: Any) -> Any:
    # Django lets JSON arrive as text, since a field may have a decoder of its own.
    return orjson.loads(value) if isinstance(field, JSONField) and value is not None else value


@cache
def _fields(model: type[Model], names: tuple[str, ...]) -> tuple[AnyField, ...]:
    by_name = {field.name: field for field in model._meta.concrete_fields}
    return tuple(by_name[name] for name in names)


@cache
def _key(model: type[Model]) -> AnyField:
    return _fields(model, (model._meta.pk.name,))[0]


@cache
def _numbered(model: type[Model]) -> str | None:
    """Return the column that the database numbers, if it does."""
    return _key(model).column if isinstance(_key(model), AutoField) else None


@cache
def _written(model: type[Model]) -> tuple[AnyField, ...]:
    return tuple(field for field in model._meta.concrete_fields if not isinstance(field, AutoField))


def _name(model: type[Model]) -> str:
    return f'"new_{model._meta.db_table}"'


@cache
def _insert(model: type[Model], links: frozenset[tuple[str, type[Model]]]) -> str:
    """Return the INSERT of one model's rows, which come as one JSON list; a link takes its key from a part before."""
    table, columns = model._meta.db_table, [f'"{field.column}"' for field in _written(model)]
    keys = {f'"{column}"': f'(SELECT "{_numbered(other)}" FROM {_name(other)})' for column, other in links}  # noqa: S608 names of columns
    values = ", ".join(keys.get(column, column) for column in columns)
    returning = "" if _numbered(model) is None else f' RETURNING "{_numbered(model)}"'
    return (
        f'INSERT INTO "{table}" ({", ".join(columns)}) '  # noqa: S608 names of columns
        f'SELECT {values} FROM jsonb_populate_recordset(NULL::"{table}", %s::jsonb){returning}'
    )


@cache
def _update(model: type[Model], names: tuple[str, ...]) -> str:
    table, key = model._meta.db_table, _key(model).column
    changes = ", ".join(f'"{field.column}" = new."{field.column}"' for field in _fields(model, names))
    return (
        f'UPDATE "{table}" AS old SET {changes} '  # noqa: S608 names of columns
        f'FROM jsonb_populate_recordset(NULL::"{table}", %s::jsonb) AS new WHERE old."{key}" = new."{key}" RETURNING 1'
    )


def _keys(model: type[Model]) -> str:
    """Return the keys given to the model's rows: PostgreSQL numbers them in their order."""
    key = _numbered(model)
    return f'(SELECT array_agg("{key}" ORDER BY "{key}") FROM {_name(model)})'  # noqa: S608 names of columns


def _links(rows: Iterable[Model], groups: Groups) -> frozenset[tuple[str, type[Model]]]:
    """Return the columns that point to a row of the same call that has no key yet, and its model."""
    return frozenset((str(field.column), type(other)) for row in rows for field, other in _open(row, groups))


def _open(row: Model, groups: Groups) -> list[tuple[Pointer, Model]]:
    found: list[tuple[Pointer, Model]] = []
    for field in _pointers(type(row)):
        if getattr(row, field.attname) is None and (other := field.get_cached_value(row, default=None)) is not None:
            if groups.get(type(other)) != [other]:
                raise ValueError(f"{field.name} of a new {type(row).__name__} points to a row that has no key.")
            found.append((field, other))
    return found


@cache
def _pointers(model: type[Model]) -> tuple[Pointer, ...]:
    return tuple(field for field in _written(model) if isinstance(field, ForeignKey))


def _json(fields: Sequence[AnyField], rows: Iterable[Model]) -> str:
    """Return the rows as a JSON list; decimals travel as text, so that no digit is lost."""
    return dumps([{field.column: getattr(row, field.attname) for field in fields} for row in rows]).decode()


def _settle(groups: Groups, keys: Iterable[Sequence[int]]) -> None:
    """Let the rows know their keys, those they point to, and that they are stored."""
    given = iter(keys)
    for model, rows in groups.items():
        if _numbered(model) is not None:
            for row, key in zip(rows, next(given), strict=True):
                row.pk = key
    for rows in groups.values():
        for row in rows:
            for field, other in _open(row, groups):
                setattr(row, field.attname, other.pk)
            row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
