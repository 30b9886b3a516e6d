"""What callers get: the rows of `trading.selectors.rows`, declared for the schema."""

from rest_framework import serializers

from trading.serializers.overrides import OverrideOut


class OrderOut(serializers.Serializer[object]):
    """An order."""

    id = serializers.UUIDField()
    cl_ord_id = serializers.CharField()
    account = serializers.CharField()
    underlying = serializers.CharField()
    description = serializers.CharField()
    side = serializers.CharField()
    ord_type = serializers.CharField()
    time_in_force = serializers.CharField()
    price_effect = serializers.CharField()
    limit_price = serializers.CharField(allow_null=True)
    stop_price = serializers.CharField(allow_null=True)
    trail_amount = serializers.CharField(allow_null=True)
    trail_percent = serializers.CharField(allow_null=True)
    expire_at = serializers.DateTimeField(allow_null=True)
    trigger = serializers.CharField(allow_null=True)
    held_locally = serializers.BooleanField(help_text="It waits at the desk: no broker knows it")
    order_qty = serializers.IntegerField()
    cum_qty = serializers.IntegerField()
    leaves_qty = serializers.IntegerField()
    avg_px = serializers.CharField(allow_null=True)
    status = serializers.CharField()
    reason = serializers.CharField()
    origin = serializers.CharField()
    created_at = serializers.DateTimeField()
    staged_at = serializers.DateTimeField(allow_null=True)
    sent_at = serializers.DateTimeField(allow_null=True)
    acked_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)


class OrderEventOut(serializers.Serializer[object]):
    """One step of an order's life."""

    seq = serializers.IntegerField()
    event = serializers.CharField()
    status = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]  # a field of ours, not the framework's attribute
    actor = serializers.CharField()
    data = serializers.JSONField()  # type: ignore[assignment]  # a field of ours, not the framework's attribute
    at = serializers.DateTimeField()
    after_us = serializers.IntegerField(allow_null=True, help_text="Microseconds since the step before")


class HistoryOut(serializers.Serializer[object]):
    """One transaction of the broker's books from before the desk."""

    transaction_id = serializers.CharField()
    at = serializers.DateTimeField()
    kind = serializers.CharField()
    symbol = serializers.CharField()
    side = serializers.CharField()
    qty = serializers.CharField(allow_null=True)
    price = serializers.CharField(allow_null=True)
    fees = serializers.CharField()
    amount = serializers.CharField()
    description = serializers.CharField()


class ExecutionOut(serializers.Serializer[object]):
    """One leg's fill."""

    id = serializers.IntegerField()
    exec_id = serializers.CharField()
    leg = serializers.IntegerField()
    order_id = serializers.UUIDField()
    cl_ord_id = serializers.CharField()
    account = serializers.CharField()
    symbol = serializers.CharField()
    side = serializers.CharField()
    qty = serializers.IntegerField()
    px = serializers.CharField()
    fee = serializers.CharField()
    status = serializers.CharField()
    transact_at = serializers.DateTimeField()
    received_at = serializers.DateTimeField()


class LegOut(serializers.Serializer[object]):
    """One leg."""

    index = serializers.IntegerField()
    symbol = serializers.CharField()
    side = serializers.CharField()
    position_effect = serializers.CharField()
    ratio = serializers.IntegerField()
    filled = serializers.IntegerField(help_text="Contracts or shares executed")
    odd = serializers.IntegerField(help_text="Of those, without a whole unit of the other legs against them")


class HoldOut(serializers.Serializer[object]):
    """What an order waits for at the desk, and how far that has come."""

    state = serializers.CharField(help_text="WAITING, ARMED, FIRED, RELEASED or ENDED")
    waits_for = serializers.CharField(help_text="The same in words; once it is over, what set it off or ended it")
    condition = serializers.JSONField(allow_null=True)
    condition_met_at = serializers.DateTimeField(allow_null=True)
    watches_price = serializers.BooleanField()
    mark = serializers.CharField(allow_null=True)
    level = serializers.CharField(allow_null=True)
    send_at = serializers.DateTimeField(allow_null=True)
    ends_at = serializers.DateTimeField(allow_null=True)
    why = serializers.CharField()
    fired_at = serializers.DateTimeField(allow_null=True)
    released_at = serializers.DateTimeField(allow_null=True)


class NativeOut(serializers.Serializer[object]):
    """What the broker does with an order by itself."""

    held_by = serializers.CharField(help_text="The broker's name")
    condition = serializers.JSONField(allow_null=True, help_text="What it watches; null: nothing")
    waits_for = serializers.CharField(help_text="The same in words")
    algo = serializers.DictField(allow_null=True, help_text="`{name, params}`: how it works the order; null: plainly")
    says = serializers.CharField(help_text="All of it in words, and what it means while the desk is down")


class LinkOut(serializers.Serializer[object]):
    """An order's place in its list."""

    order_list_id = serializers.UUIDField()
    kind = serializers.CharField(help_text="The list's")
    index = serializers.IntegerField()
    role = serializers.CharField()
    planned_qty = serializers.IntegerField()


class LinkedOrderOut(LinkOut):
    """One order of a list."""

    where = serializers.CharField(help_text="DESK, OUTBOX (on its way), BROKER or DONE")
    order = OrderOut()
    hold = HoldOut(allow_null=True)


class OrderListOut(serializers.Serializer[object]):
    """A list of orders."""

    id = serializers.UUIDField()
    account = serializers.CharField()
    kind = serializers.CharField()
    linkage = serializers.CharField()
    policy = serializers.CharField()
    held_locally = serializers.BooleanField(help_text="The desk links the orders; the broker does not know the list")
    held_by = serializers.CharField(help_text="Who keeps the list: the broker's name, or this desk")
    held_says = serializers.CharField(help_text="What that means while the desk is down; of the desk's own, why")
    alarms = serializers.ListField(child=serializers.CharField())
    created_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    orders = LinkedOrderOut(many=True)


class SightOut(serializers.Serializer[object]):
    """One thing that a held order looks at, as it is now."""

    says = serializers.CharField()
    wanted = serializers.CharField()
    seen = serializers.CharField(allow_null=True)
    age = serializers.FloatField(allow_null=True, help_text="Seconds; of the oldest quote in it")
    is_believed = serializers.BooleanField(help_text="Good enough to act on")
    count = serializers.IntegerField(help_text="How often in a row it held")
    needed = serializers.IntegerField()
    holds = serializers.BooleanField()


class HeldOrderOut(OrderOut):
    """An order that waits at the desk."""

    link = LinkOut(allow_null=True)
    hold = HoldOut()
    sights = SightOut(many=True)


class HeldOut(serializers.Serializer[object]):
    """All that waits at the desk."""

    results = HeldOrderOut(many=True)
    blind = serializers.CharField(help_text="Why nothing can be seen, if so: then nothing is set off")


class QualityOut(serializers.Serializer[object]):
    """How well an order was filled. Prices are costs of a share of one unit, paid above zero; null is not known."""

    paid = serializers.CharField(allow_null=True)
    mid = serializers.CharField(allow_null=True, help_text="The market's when it was staged")
    width = serializers.CharField(allow_null=True)
    slippage = serializers.CharField(allow_null=True, help_text="Paid beyond the mid")
    effective = serializers.CharField(allow_null=True, help_text="The effective spread: twice the slippage")
    of_width = serializers.CharField(
        allow_null=True, help_text="-1 at the best price, 0 at the mid, 1 at the natural one"
    )
    improvement = serializers.CharField(allow_null=True, help_text="What the natural price would have cost more")
    of_half = serializers.CharField(allow_null=True, help_text="The improvement as a part of half the width")
    is_to_review = serializers.BooleanField(allow_null=True, help_text="The slippage is more than three widths")
    cost = serializers.CharField(allow_null=True, help_text="The slippage in dollars")
    delay_cost = serializers.CharField(
        allow_null=True, help_text="Dollars that the market moved from the proposal to the staging"
    )
    fees = serializers.CharField()
    filled = serializers.IntegerField()
    of = serializers.IntegerField()
    ack_seconds = serializers.FloatField(allow_null=True)
    fill_seconds = serializers.FloatField(allow_null=True, help_text="From the sending to the first fill")


class OrderDetailOut(OrderOut):
    """An order with all that happened to it."""

    proposal_id = serializers.UUIDField(allow_null=True)
    approved_by = serializers.CharField(allow_null=True)
    algo_run_id = serializers.UUIDField(allow_null=True)
    scorecard = serializers.DictField(allow_null=True)
    trace_id = serializers.CharField()
    checks = serializers.ListField(child=serializers.DictField())
    override = OverrideOut(allow_null=True)
    hold = HoldOut(allow_null=True)
    native = NativeOut(allow_null=True)
    link = LinkOut(allow_null=True)
    held_says = serializers.CharField(help_text="Of an order of a list: who keeps that, and what that means")
    legs = LegOut(many=True)
    quality = QualityOut(help_text="Against the market in which it was staged")
    events = OrderEventOut(many=True)
    executions = ExecutionOut(many=True)


class AccountOut(serializers.Serializer[object]):
    """An account."""

    code = serializers.CharField()
    name = serializers.CharField()
    tier = serializers.CharField()
    connection = serializers.CharField()
    environment = serializers.CharField()
    is_enabled = serializers.BooleanField()
    baseline = serializers.CharField()
    cash = serializers.CharField()


class MandateOut(serializers.Serializer[object]):
    """A signed mandate."""

    id = serializers.IntegerField()
    account = serializers.CharField()
    grantee = serializers.CharField()
    signed_by = serializers.CharField()
    max_order_cash = serializers.CharField()
    reason = serializers.CharField()
    signed_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    revoked_at = serializers.DateTimeField(allow_null=True)
