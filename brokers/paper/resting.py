"""An order that rests at or inside the market: it waits its turn at the near side, or is met between the sides.

Between the sides it is met at a rate that falls with its distance from the middle (in half-spreads: -1 the far side, 1
the near side); each whole second of the exchange's time has one draw of its own, so that looking twice changes nothing.
At the near side a single order queues behind what was shown there when it joined.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import ceil, exp, floor

from allcore.kernel.orders import PriceEffect, Side
from allcore.kernel.quotes import Quote
from allcore.kernel.tickets import OrderTicket
from brokers.paper.draws import draw
from brokers.paper.improvement import Face, at_net, faces_of, net_width
from brokers.paper.market import Looked, Market, Queue, Rule, Why, Working, net_debit, shelf_left
from brokers.paper.model import FillModel

NEAR = Decimal(1)
GAP = 2.5  # seconds of the system's time: after a longer one, what went by unseen is not drawn for
INSIDE = Queue(0, -1, -1)  # nobody is ahead inside the market; who comes to the order's price comes after it
SECONDS_MOST = 600  # of the exchange's time in one look, when it runs faster than the system's


@dataclass(frozen=True, slots=True)
class Rest:
    """What a look does to an order at rest: `units` traded at `prices`, and where it stands."""

    units: int = 0
    prices: tuple[Decimal, ...] = ()
    why: Why | None = None
    queue: Queue | None = None
    looked: Looked | None = None
    look_again: bool = False


def rested(order: Working, quotes: Sequence[Quote], market: Market) -> Rest:
    """Return what happens to an order whose limit does not reach the far side of these good quotes."""
    distance = distance_of(order.ticket, quotes)
    if distance is None or distance > NEAR:
        return Rest(queue=order.queue)
    if distance == NEAR and len(quotes) == 1 and market.model.has_queue:
        return _queued(order, quotes[0], market)
    return _met(order, quotes, market, float(distance))


def distance_of(ticket: OrderTicket, quotes: Sequence[Quote]) -> Decimal | None:
    """Return how many half-spreads the limit lies from the middle: 1 at the near side, -1 at the far side."""
    faces = faces_of(ticket.legs, quotes)
    limit = _limit_debit(ticket)
    half = net_width(faces) / 2
    if limit is None or half <= 0 or len(faces) != len(ticket.legs):
        return None
    middle = net_debit(ticket.legs, [(face.bid + face.ask) / 2 for face in faces])
    return (middle - limit) / half


def prices_at_limit(ticket: OrderTicket, quotes: Sequence[Quote]) -> tuple[Decimal, ...] | None:
    """Return the legs' prices that make up the limit, each within its market, or None if there are none."""
    faces: tuple[Face, ...] = faces_of(ticket.legs, quotes)
    limit = _limit_debit(ticket)
    if limit is None:
        return None
    saving = net_debit(ticket.legs, [face.far for face in faces]) - limit
    return at_net(faces, saving) if saving >= 0 else None


def hazard(model: FillModel, distance: float) -> float:
    """Return the rate a second at which an order is met at that distance from the middle."""
    edge = model.hazard_near if distance > 0 else model.hazard_far
    if distance == 0 or model.hazard_mid == 0:
        return model.hazard_mid
    return float(model.hazard_mid * (edge / model.hazard_mid) ** abs(distance))


def _met(order: Working, quotes: Sequence[Quote], market: Market, distance: float) -> Rest:
    stays = Rest(queue=INSIDE, looked=Looked(market.now, market.second), look_again=True)
    rate = hazard(market.model, distance)
    chance = 1 - exp(-rate)
    drawn = min(draw(market.seed, order.name, "met", order.fill_count, second) for second in _seconds(order, market))
    prices = prices_at_limit(order.ticket, quotes) if drawn < chance else None
    if prices is None:
        return stays
    units = min(order.leaves, takeable(order, quotes, market))
    why = Why(Rule.MET, drawn=drawn, chance=chance)
    return Rest(units, prices if units else (), why, INSIDE, stays.looked, look_again=True)


def takeable(order: Working, quotes: Sequence[Quote], market: Market) -> int:
    """Return how many units the sizes shown at the far sides still have."""
    legs = order.ticket.legs
    return min(shelf_left(leg, q, market.taken) // leg.ratio for leg, q in zip(legs, quotes, strict=True))


def _seconds(order: Working, market: Market) -> range:
    """Return the exchange's seconds to draw for: this one, and those since the last look if that was just now."""
    seen = order.looked
    if seen is None or (market.now - seen.at).total_seconds() > GAP:
        return range(market.second, market.second + 1)
    first = max(min(seen.second + 1, market.second), market.second - SECONDS_MOST + 1)
    return range(first, market.second + 1)


def _queued(order: Working, quote: Quote, market: Market) -> Rest:
    """Move the order up: trades at its price serve who is ahead first, then the order."""
    side, limit = order.ticket.legs[0].side, order.ticket.limit_price
    shown = quote.bid_size if side is Side.BUY else quote.ask_size
    before = order.queue
    if before is None:
        return Rest(queue=Queue(ceil(shown * market.model.queue_share), shown, quote.volume))
    if before == INSIDE:
        return Rest(queue=Queue(0, shown, quote.volume))
    traded = _traded_here(quote, before, side, limit)
    is_through = traded > 0 and quote.last != limit
    canceled = max(before.shown - shown - traded, 0)
    ahead = 0 if is_through else max(before.ahead - floor(canceled * market.model.cancel_share), 0)
    units = min(order.leaves, max(traded - ahead, 0))
    queue = Queue(max(ahead - traded, 0), shown, quote.volume)
    if not units or limit is None:
        return Rest(queue=queue)
    return Rest(units, (limit,), Why(Rule.QUEUE, queue_ahead=ahead), queue)


def _traded_here(quote: Quote, before: Queue, side: Side, limit: Decimal | None) -> int:
    """Return what traded since at the order's price or through it, as the day's volume and the last price show."""
    if quote.last is None or limit is None:
        return 0
    is_here = quote.last <= limit if side is Side.BUY else quote.last >= limit
    return max(quote.volume - before.volume, 0) if is_here else 0


def _limit_debit(ticket: OrderTicket) -> Decimal | None:
    if ticket.limit_price is None:
        return None
    return {PriceEffect.DEBIT: ticket.limit_price, PriceEffect.CREDIT: -ticket.limit_price}.get(
        ticket.price_effect, Decimal(0)
    )
