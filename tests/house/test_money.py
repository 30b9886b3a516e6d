"""Money is Decimal from text to column; floats are for models."""

import ast
from pathlib import Path

from django.apps import apps
from django.db.models import FloatField

from tests.house.tree import ROOT, dotted, modules, name_of, parsed

MONEY = (
    "allcore/kernel/money.py",
    "allcore/kernel/orders.py",
    "allcore/kernel/reports.py",
    "allcore/kernel/instruments.py",
    "brokers/paper/books.py",
    "brokers/paper/fees.py",
    "trading/domain/books",
    "trading/services/fund.py",
    "trading/services/settle.py",
)
BORDERS = {"from_float"}  # where a model's number becomes money, rounded


def floats(path: Path) -> list[str]:
    """Return the functions and classes of the module that speak of float, the borders aside."""
    found = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name not in BORDERS:
            inside = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name) and inner.id == "float"]
            found += [f"{name_of(path)}:{inner.lineno}" for inner in inside]
    return found


def test_modules_of_money_know_no_float() -> None:
    chosen = [path for path in modules() if any(name_of(path).startswith(name) for name in MONEY)]

    assert [place for path in chosen for place in floats(path)] == []


def test_the_list_of_money_modules_names_what_exists() -> None:
    assert [name for name in MONEY if not (ROOT / name).exists()] == []
    assert dotted(ROOT / "trading/domain/__init__.py") == "trading.domain"


def test_no_column_of_the_books_is_a_float() -> None:
    columns = [
        f"{model._meta.label}.{field.name}"
        for app in ("brokers", "risk", "trading")
        for model in apps.get_app_config(app).get_models()
        for field in model._meta.get_fields()
        if isinstance(field, FloatField)
    ]

    assert columns == []
