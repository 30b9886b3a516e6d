"""Rows as the desk sends them."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from tests.browser.fake_socket import NOW

Row = dict[str, Any]
PUT = "TSLA  260612P00245000"


def content(sentence: str, *, limit: str = "3.45", quantity: int = 2) -> Row:
    """Return a card's content, small but whole."""
    prices = [220 + n for n in range(61)]
    premium = float(limit) * 100 * quantity
    return {
        "sentence": sentence,
        "strategy": "CASH_SECURED_PUT",
        "exchange_at": NOW.isoformat(),
        "ticket": {
            "account": "REV-1",
            "underlying": "TSLA",
            "legs": [{"symbol": PUT, "side": "SELL", "position_effect": "OPEN", "ratio": 1, "multiplier": 100}],
            "quantity": quantity,
            "ord_type": "LIMIT",
            "time_in_force": "DAY",
            "price_effect": "CREDIT",
            "limit_price": limit,
            "stop_price": None,
        },
        "why": {
            "market_week": {"klass": "GREEN", "evidence": {}},
            "expected": {"P-EW": 0.7, "P-AWL": 0.3},
            "rules": [{"code": "delta", "text": "Delta is 34.3, the range 30 to 40.", "passed": True}],
            "reason_code": "ENTRY",
        },
        "price": {
            "limit": limit,
            "worst": "3.40",
            "bid": "3.40",
            "ask": "3.50",
            "mid": "3.45",
            "width": "0.10",
            "tick": "0.05",
            "spot": "250.00",
            "source_at": NOW.isoformat(),
            "source": "SIMULATED",
        },
        "changes": [{"name": "Cash", "unit": "USD", "before": "75000", "after": str(75000 + premium)}],
        "limits": [
            {
                "code": "deployment",
                "label": "Deployment",
                "unit": "RATIO",
                "before": "0",
                "after": "0.65",
                "soft": "0.70",
                "hard": "0.75",
                "outcome": "PASS",
                "message": "",
            }
        ],
        "payoff": {
            "prices": [str(price) for price in prices],
            "at_expiry": [str(premium - max(0, 245 - price) * 100 * quantity) for price in prices],
            "today": [str(premium - max(0, 245 - price) * 100 * quantity) for price in prices],
            "break_evens": ["241.55"],
            "spot": "250.00",
            "sigma_low": "240.00",
            "sigma_high": "260.00",
            "max_profit": str(premium),
            "max_loss": str(-(24500 * quantity - premium)),
        },
        "costs": {"fees": "1.30", "slippage": "6.00"},
        "similar": [],
        "alternatives": [{"sentence": "Do nothing", "note": "Cash stays cash."}],
    }


def proposal(name: str, *, minutes: float = 10, at: datetime = NOW, **changes: Any) -> Row:
    """Return a pending proposal that expires in `minutes`; its id and hash follow from its name."""
    sentence = changes.pop("sentence", f"Sell 2 TSLA 12 Jun 245 put at 3.45 limit, day ({name})")
    body = changes.pop("content", content(sentence))
    row = {
        "id": f"00000000-0000-4000-8000-{int(hashlib.sha256(name.encode()).hexdigest()[:12], 16):012x}"[:36],
        "account": "REV-1",
        "strategy": "CASH_SECURED_PUT",
        "underlying": "TSLA",
        "sentence": sentence,
        "status": "PENDING",
        "version": 1,
        "content_hash": hashlib.sha256(f"{name}{body['ticket']['limit_price']}".encode()).hexdigest(),
        "proposed_at": at.isoformat(),
        "expires_at": (at + timedelta(minutes=minutes)).isoformat(),
        "approvals_needed": 1,
        "approvals": [],
        "held_by": None,
        "decided_by": None,
        "reason_code": "",
        "reason_text": "",
        "outcome": "PASS",
        "order_id": None,
        "content": body,
    }
    return row | changes


def order(status: str, **changes: Any) -> Row:
    """Return an order's row."""
    row = {
        "id": "10000000-0000-4000-8000-000000000001",
        "cl_ord_id": "ABCDEFGHIJKLMNOPQRST",
        "account": "REV-1",
        "underlying": "TSLA",
        "description": "Sell 2 TSLA 12 Jun 245 put at 3.45 limit, day",
        "side": "SELL",
        "ord_type": "LIMIT",
        "time_in_force": "DAY",
        "price_effect": "CREDIT",
        "limit_price": "3.45",
        "stop_price": None,
        "order_qty": 2,
        "cum_qty": 0,
        "leaves_qty": 2,
        "avg_px": None,
        "status": status,
        "reason": "",
        "origin": "PROPOSAL",
        "created_at": NOW.isoformat(),
        "staged_at": NOW.isoformat(),
        "sent_at": None,
        "acked_at": None,
        "closed_at": None,
    }
    return row | changes
