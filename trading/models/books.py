"""Lots, positions and the double-entry cash ledger. Quantities are signed: long above zero, short below."""

from django.db import models
from django.db.models import Q

from brokers.models import Account
from marketdata.models import Instrument
from trading.models.executions import BookEvent, Execution


class Lot(models.Model):
    """What one fill opened and how much of it is left. `price` is per share, fees apart.

    `cost` is what is left of it cost, quantity times price per share, and exact where a price is rounded. A lot that a
    corporate action carried over keeps the fill that opened it and the time, and names the event in `carried_by`.
    """

    account = models.ForeignKey(Account, on_delete=models.PROTECT, related_name="lots")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    execution = models.ForeignKey(Execution, on_delete=models.PROTECT, null=True, related_name="lots")
    book_event = models.ForeignKey(BookEvent, on_delete=models.PROTECT, null=True, db_index=False, related_name="lots")
    opened_qty = models.IntegerField()
    open_qty = models.IntegerField()
    price = models.DecimalField(max_digits=18, decimal_places=8)
    cost = models.DecimalField(max_digits=28, decimal_places=12, default=0)
    opened_at = models.DateTimeField()
    carried_by = models.ForeignKey(
        BookEvent, on_delete=models.PROTECT, null=True, db_index=False, related_name="carried_lots"
    )

    class Meta:
        db_table = "lot"
        constraints = [
            models.CheckConstraint(
                condition=Q(execution__isnull=False, book_event=None) | Q(execution=None, book_event__isnull=False),
                name="a_lot_has_one_source",
            ),
            models.CheckConstraint(
                condition=Q(opened_qty__gt=0, open_qty__gte=0, open_qty__lte=models.F("opened_qty"))
                | Q(opened_qty__lt=0, open_qty__lte=0, open_qty__gte=models.F("opened_qty")),
                name="a_lot_only_shrinks",
            ),
        ]
        indexes = [
            models.Index(
                fields=["account", "instrument", "opened_at", "id"], condition=~Q(open_qty=0), name="lot_open"
            ),
            models.Index(fields=["book_event"], condition=Q(book_event__isnull=False), name="lot_of_book_event"),
        ]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.open_qty}/{self.opened_qty}"


class LotClose(models.Model):
    """A part of a lot that a fill or book event closed, and what that realised, gross of fees."""

    lot = models.ForeignKey(Lot, on_delete=models.PROTECT, related_name="closes")
    execution = models.ForeignKey(Execution, on_delete=models.PROTECT, null=True, related_name="lot_closes")
    book_event = models.ForeignKey(BookEvent, on_delete=models.PROTECT, null=True, related_name="lot_closes")
    qty = models.IntegerField()  # signed as the lot was
    price = models.DecimalField(max_digits=18, decimal_places=8)
    realised = models.DecimalField(max_digits=28, decimal_places=12)  # dollars
    closed_at = models.DateTimeField()

    class Meta:
        db_table = "lot_close"
        indexes = [models.Index(fields=["closed_at", "lot"], name="lots_closed_when")]

    def __str__(self) -> str:
        return f"{self.lot_id} {self.qty}"


class Position(models.Model):
    """The sum of an account's lots in one instrument. Kept, so that reads are one row; rebuilt from the ledgers."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False, related_name="positions")
    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    qty = models.IntegerField(default=0)
    avg_px = models.DecimalField(max_digits=18, decimal_places=8, null=True)  # of the open lots, per share
    realised = models.DecimalField(max_digits=28, decimal_places=12, default=0)  # gross of fees, dollars
    fees = models.DecimalField(max_digits=18, decimal_places=4, default=0)
    income = models.DecimalField(max_digits=18, decimal_places=4, default=0)  # dividends and the like; paid, if below 0
    opened_at = models.DateTimeField(null=True)
    booked_through = models.DateTimeField()  # the exchange's clock: what comes from before it is booked by a rebuild
    booked_key = models.CharField(max_length=90, blank=True)  # orders what happened at one moment
    updated_at = models.DateTimeField()

    class Meta:
        db_table = "position"
        constraints = [
            models.UniqueConstraint(fields=["account", "instrument"], name="one_position_each"),
            models.CheckConstraint(
                condition=Q(qty=0, avg_px=None) | (~Q(qty=0) & Q(avg_px__isnull=False)),
                name="an_open_position_has_a_price",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account_id} {self.instrument_id} {self.qty}"


class LedgerEntry(models.Model):
    """One side of a cash movement: the entries of one `transaction_id` sum to zero (a deferred trigger sees to it)."""

    class Ledger(models.TextChoices):
        CASH = "CASH", "Cash"
        CAPITAL = "CAPITAL", "Deposits and withdrawals"
        TRADES = "TRADES", "Bought and sold"
        FEES = "FEES", "Fees"
        DELIVERY = "DELIVERY", "Assignments and exercises"
        INCOME = "INCOME", "Dividends, interest, borrow fees, cash for fractions"

    transaction_id = models.UUIDField()
    account = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False, related_name="ledger")
    ledger = models.CharField(max_length=8, choices=Ledger)
    amount = models.DecimalField(max_digits=18, decimal_places=4)  # dollars; cash received is above zero on CASH
    memo = models.CharField(max_length=120)
    execution = models.ForeignKey(Execution, on_delete=models.PROTECT, null=True, related_name="+")
    book_event = models.ForeignKey(BookEvent, on_delete=models.PROTECT, null=True, db_index=False, related_name="+")
    at = models.DateTimeField()

    class Meta:
        db_table = "ledger_entry"
        indexes = [
            models.Index(fields=["account", "-at", "id"], name="ledger_of_account"),
            models.Index(fields=["transaction_id"], name="ledger_of_transaction"),
            models.Index(fields=["book_event"], condition=Q(book_event__isnull=False), name="ledger_of_book_event"),
            # Every order asks what was put in, among all that was ever traded.
            models.Index(fields=["account", "at"], condition=models.Q(ledger="CAPITAL"), name="capital_of_account"),
        ]

    def __str__(self) -> str:
        return f"{self.ledger} {self.amount}"


class CashBalance(models.Model):
    """The sum of an account's CASH entries."""

    account = models.OneToOneField(Account, on_delete=models.PROTECT, primary_key=True, related_name="cash")
    cash = models.DecimalField(max_digits=18, decimal_places=4, default=0)

    class Meta:
        db_table = "cash_balance"

    def __str__(self) -> str:
        return f"{self.account_id} {self.cash}"


class EquityPoint(models.Model):
    """An account's equity at one minute of the exchange's clock; drawdown and the equity curve read these."""

    account = models.ForeignKey(Account, on_delete=models.PROTECT, db_index=False, related_name="equity")
    at = models.DateTimeField()
    equity = models.DecimalField(max_digits=18, decimal_places=2)
    cash = models.DecimalField(max_digits=18, decimal_places=2)
    realised = models.DecimalField(max_digits=18, decimal_places=2)
    unrealised = models.DecimalField(max_digits=18, decimal_places=2)
    is_close = models.BooleanField(default=False)  # the session's last

    class Meta:
        db_table = "equity_point"
        constraints = [models.UniqueConstraint(fields=["account", "at"], name="one_equity_point_a_minute")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.at:%F %R} {self.equity}"


class ClosingMark(models.Model):
    """What an instrument was valued at when a session ended: the next day's P&L of a position counts from it."""

    instrument = models.ForeignKey(Instrument, on_delete=models.PROTECT, related_name="+")
    day = models.DateField()  # New York
    px = models.DecimalField(max_digits=18, decimal_places=8)  # per share

    class Meta:
        db_table = "closing_mark"
        constraints = [models.UniqueConstraint(fields=["instrument", "day"], name="one_closing_mark_a_day")]

    def __str__(self) -> str:
        return f"{self.instrument_id} {self.day} {self.px}"
