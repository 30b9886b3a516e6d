"""What is read before an order is checked, in one statement: its account, the sender's rights, the instruments."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import zip_longest

from allcore import rows
from allcore.accounts.models import User
from allcore.kernel.tickets import MAX_LEGS
from brokers.models import Account, Connection
from risk.selectors.permissions import remember
from trading.models import Mandate

MANDATE = """
SELECT * FROM mandate WHERE account_id = a.id AND grantee_id = %(user)s AND revoked_at IS NULL
   AND signed_at <= %(now)s AND expires_at > %(now)s ORDER BY id DESC LIMIT 1
"""
GRANTS = "SELECT json_agg(json_build_array(account_id, role) ORDER BY id) FROM account_grant WHERE user_id = %(user)s"
# A fixed number of places, not a list: PostgreSQL plans a list anew each time, which takes longer than the reading.
PLACES = tuple(f"leg{n}" for n in range(MAX_LEGS))
ASKED = ", ".join(f"%({name})s" for name in PLACES)
MULTIPLIERS = f"SELECT json_object_agg(symbol, multiplier) FROM instrument WHERE symbol IN ({ASKED})"  # noqa: S608 the names of parameters


@dataclass(frozen=True, slots=True)
class Sender:
    """Where an order is sent from: its account with the connection, the mandate in force, multipliers by symbol."""

    account: Account
    mandate: Mandate | None
    multipliers: Mapping[str, int]


def sender_of(user: User, code: str, symbols: list[str], *, now: datetime) -> Sender | None:
    """Return the account and what goes with it, or None; whether the user may act there is not asked here.

    The user's grants are read with it, for whoever asks next.
    """
    legs = dict(zip_longest(PLACES, symbols[:MAX_LEGS], fillvalue=""))
    asked = {"user": user.pk, "code": code, "now": now, **legs}
    for found in rows.read(_statement(), asked):
        values = iter(found)
        account = rows.take(Account, values)
        account.connection = rows.take(Connection, values)
        mandate = rows.take(Mandate, values)
        multipliers = next(values) or {}
        remember(user, next(values) or ())
        return Sender(account, mandate if mandate.pk else None, multipliers)
    return None


@cache
def _statement() -> str:
    columns = (rows.columns(Account, "a"), rows.columns(Connection, "c"), rows.columns(Mandate, "m"))
    return f"""
SELECT {", ".join(columns)}, ({MULTIPLIERS}), ({GRANTS})
  FROM account a JOIN connection c ON c.id = a.connection_id LEFT JOIN LATERAL ({MANDATE}) m ON true
 WHERE a.code = %(code)s
"""  # noqa: S608 only names of columns and the constants above are put in
