"""Money put into an account, or taken out."""

from datetime import datetime
from decimal import Decimal

from django.db import transaction

from allcore.kernel.errors import InvalidInputError
from brokers.models import Account
from trading.domain.books.ledger import deposit_postings
from trading.models import LedgerEntry
from trading.services import cash
from trading.services.cash import Movement


class NothingMovedError(InvalidInputError):
    """A deposit or withdrawal moves some money."""

    code = "NOTHING_MOVED"


@transaction.atomic
def deposit(account: Account, amount: Decimal, at: datetime, memo: str) -> None:
    """Book dollars into the account; below zero, out of it. `at` is on the exchange's clock.

    Raises:
        NothingMovedError: the amount is zero.
    """
    if not amount:
        raise NothingMovedError("A deposit is not zero.", account=account.code)
    movement = Movement(account.pk, deposit_postings(amount), memo, at)
    cash.move(cash.flows([movement]))
    LedgerEntry.objects.bulk_create(cash.ledger([movement]))
