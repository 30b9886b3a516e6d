"""The page of the controls says what the gate asks."""

import re

import pytest

from risk.domain.defaults import DEFAULTS
from risk.domain.gate import CONTROLS, GATEKEEPERS
from risk.domain.triggers import TRIGGERS
from tests.house.tree import ROOT

ROW = re.compile(r"^\| (R\d\d) \| ([^|]+) \| ([^|]*)\| ([^|]*)\|$", re.MULTILINE)
ROWS = ROW.findall((ROOT / "docs/controls.md").read_text(encoding="utf-8"))
ASKED = {control.code for control in (*GATEKEEPERS, *CONTROLS)}
WATCHED = {"near_strike", "pinned"}  # of short options on their last day, beside the gate


def test_every_control_of_the_house_has_its_row() -> None:
    assert [number for number, *_ in ROWS] == [f"R{n:02d}" for n in range(1, 43)]


def test_every_rule_of_the_gate_is_on_the_page_and_no_other() -> None:
    named = {code for _, _, codes, _ in ROWS for code in re.findall(r"`(\w+)`", codes)}

    assert named == ASKED


@pytest.mark.parametrize(("number", "codes", "says"), [(n, c, s) for n, _, c, s in ROWS])
def test_a_control_without_a_rule_says_what_the_desk_does_instead(number: str, codes: str, says: str) -> None:
    assert codes.strip() or says.strip(), number


def test_every_limit_belongs_to_a_rule() -> None:
    parts = {
        "order_notional_paper": "order_notional",
        "order_notional_live": "order_notional",
        "day_trades": "day_trading",
        "day_trade_equity": "day_trading",
        "intraday_excess": "day_trading",
    }

    assert {parts.get(code, code) for code in DEFAULTS} <= ASKED | set(TRIGGERS) | WATCHED


def test_every_trigger_of_the_kill_switch_is_on_the_page_with_its_level() -> None:
    page = (ROOT / "docs/controls.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `(kill_\w+)` \| [^|]+ \| (\d), ([\w ]+) \|", page, re.MULTILINE)
    words = {"ACCOUNT": "the account", "BROKER": "the connection", "GLOBAL": "the whole desk"}

    assert told == [(t.code, str(t.level), words[t.scope]) for t in TRIGGERS.values()]
    assert set(TRIGGERS) <= set(DEFAULTS)
