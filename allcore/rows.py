"""Rows written and read in few statements, where the ORM takes one for each row and composes it anew each time.

The models stay the one place that knows tables, columns and types: all SQL here is made from them.
"""
# ruff: noqa: SLF001 Django documents `_meta` for this, and sets `_state` from outside itself

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias, TypeVar

import orjson
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Field, ForeignKey, JSONField, Model
from psycopg.types.json import Jsonb

Row = TypeVar("Row", bound=Model)
AnyField: TypeAlias = "Field[Any, Any]"
Values = Sequence[Any]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a model's INSERT is made of; `key` is the column that the database numbers, or None."""

    table: str
    fields: tuple[AnyField, ...]
    key: str | None


def read(sql: str, asked: Values | dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return the rows of one SELECT, or of what another statement returns."""
    with connection.cursor() as cursor:
        cursor.execute(sql, asked)
        return list(cursor.fetchall())


def columns(model: type[Model], alias: str, *, without: Iterable[str] = ()) -> str:
    """Return the model's columns for a SELECT, each with the table's alias, in the order in which `made` reads them."""
    return ", ".join(f'{alias}."{field.column}"' for field in _read_fields(model, frozenset(without)))


def made(model: type[Row], values: Values, *, without: Iterable[str] = ()) -> Row:
    """Return the instance that the values are; a field in `without` is read from the database when it is asked for."""
    fields = _read_fields(model, frozenset(without))
    return model.from_db(DEFAULT_DB_ALIAS, [field.attname for field in fields], list(values))


def width(model: type[Model], *, without: Iterable[str] = ()) -> int:
    """Return how many values `made` takes."""
    return len(_read_fields(model, frozenset(without)))


def insert(new: Iterable[Model]) -> None:
    """Insert the rows, of whatever models, in one statement, and set the keys that the database gave them.

    A row may point to one given before it whose key is not known yet, where that is the only one of its model.
    """
    groups: dict[type[Model], list[Model]] = {}
    for row in new:
        groups.setdefault(type(row), []).append(row)
    parts, answers, params = [], [], []
    for model, rows in groups.items():
        shape = _shape(model)
        placed = [_placed(shape, row, groups) for row in rows]
        params += [value for _, values in placed for value in values]
        parts.append(f"{_name(model)} AS ({_insert(shape, [text for text, _ in placed])})")
        if shape.key is not None:
            answers.append(f'(SELECT array_agg("{shape.key}" ORDER BY "{shape.key}") FROM {_name(model)})')  # noqa: S608 names of models
    ((*keys,),) = read(f"WITH {', '.join(parts)} SELECT {', '.join(answers) or '1'}", params)
    _learn(groups, keys if answers else [])


def update(changed: Sequence[Model], names: Sequence[str]) -> int:
    """Write the named fields of rows of one model in one statement; return how many rows there were to change."""
    meta = changed[0]._meta
    fields = (_key(meta.model), *(_field(meta.model, name) for name in names))
    listed = ", ".join(f"%s::{field.db_type(connection)}[]" for field in fields)
    named = ", ".join(f'"{field.column}"' for field in fields)
    changes = ", ".join(f'"{field.column}" = new."{field.column}"' for field in fields[1:])
    key = f'"{fields[0].column}"'
    sql = f'UPDATE "{meta.db_table}" AS old SET {changes} FROM unnest({listed}) AS new({named}) WHERE old.{key} = new.{key}'  # noqa: S608, E501 names of the model's own columns
    with connection.cursor() as cursor:
        cursor.execute(sql, [[_value(field, row) for row in changed] for field in fields])
        return int(cursor.rowcount)


@cache
def _read_fields(model: type[Model], without: frozenset[str]) -> tuple[AnyField, ...]:
    return tuple(field for field in model._meta.concrete_fields if field.name not in without)


@cache
def _shape(model: type[Model]) -> _Shape:
    key = _key(model)
    is_numbered = bool(key.db_returning)
    fields = tuple(field for field in model._meta.concrete_fields if not (is_numbered and field is key))
    return _Shape(model._meta.db_table, fields, key.column if is_numbered else None)


@cache
def _field(model: type[Model], name: str) -> AnyField:
    field = model._meta.get_field(name)
    if not isinstance(field, Field):
        raise TypeError(f"{name} is no column of {model.__name__}.")
    return field


def _key(model: type[Model]) -> AnyField:
    return _field(model, model._meta.pk.name)


def _name(model: type[Model]) -> str:
    return f'"new_{model._meta.db_table}"'


def _insert(shape: _Shape, placed: Iterable[str]) -> str:
    names = ", ".join(f'"{field.column}"' for field in shape.fields)
    returning = "" if shape.key is None else f' RETURNING "{shape.key}"'
    return f'INSERT INTO "{shape.table}" ({names}) VALUES {", ".join(placed)}{returning}'  # noqa: S608 names of the model's own columns


def _placed(shape: _Shape, row: Model, groups: dict[type[Model], list[Model]]) -> tuple[str, list[Any]]:
    """Return the row's place in VALUES and what stands in it."""
    places, values = [], []
    for field in shape.fields:
        other = _unnumbered(field, row, groups)
        if other is None:
            places.append("%s")
            values.append(_value(field, row))
        else:
            places.append(f'(SELECT "{_key(other).column}" FROM {_name(other)})')  # noqa: S608 names of the model's own columns
    return f"({', '.join(places)})", values


def _unnumbered(field: AnyField, row: Model, groups: dict[type[Model], list[Model]]) -> type[Model] | None:
    """Return the model of the row that the field points to, if that is inserted by the same call and has no key yet."""
    if not isinstance(field, ForeignKey) or getattr(row, field.attname) is not None:
        return None
    other = field.get_cached_value(row, default=None)
    if other is None:
        return None
    if groups.get(type(other)) != [other]:
        raise ValueError(f"{field.name} of a new {type(row).__name__} points to a row that has no key.")
    return type(other)


def _value(field: AnyField, row: Model) -> Any:
    value = getattr(row, field.attname)
    if isinstance(field, JSONField) and value is not None:
        return Jsonb(value, dumps=orjson.dumps)
    return field.get_db_prep_save(value, connection)


def _learn(groups: dict[type[Model], list[Model]], keys: list[list[int]]) -> None:
    """Set on the rows what is known of them now; PostgreSQL numbers the rows of one VALUES in their order."""
    given = iter(keys)
    for model, rows in groups.items():
        if _shape(model).key is not None:
            for row, key in zip(rows, next(given), strict=True):
                row.pk = key
        for row in rows:
            row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS
    for rows in groups.values():
        for row in rows:
            _point(row)


def _point(row: Model) -> None:
    for field in _shape(type(row)).fields:
        if isinstance(field, ForeignKey) and getattr(row, field.attname) is None:
            other = field.get_cached_value(row, default=None)
            if other is not None:
                setattr(row, field.attname, other.pk)
