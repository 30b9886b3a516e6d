"""Wire shapes of the market: what is asked, and what the rows of `marketdata.selectors.rows` hold."""

from typing import Any

from rest_framework import serializers

from allcore.kernel.instruments import InstrumentKind
from marketdata.selectors.instruments import canonical

MOST_SYMBOLS = 200


class InstrumentsIn(serializers.Serializer[Any]):
    """Which instruments to list."""

    underlying = serializers.CharField(required=False, max_length=21)
    kind = serializers.ChoiceField(choices=[(kind.value, kind.value) for kind in InstrumentKind], required=False)
    expiry = serializers.DateField(required=False)
    is_active = serializers.BooleanField(required=False, allow_null=True, default=None)


class QuotesIn(serializers.Serializer[Any]):
    """Which quotes to read: symbols with commas between them."""

    symbols = serializers.CharField(max_length=MOST_SYMBOLS * 25)

    def validate_symbols(self, value: str) -> list[str]:
        """Return the names, each once."""
        names = list(dict.fromkeys(canonical(word) for word in value.split(",") if word.strip()))
        if not 1 <= len(names) <= MOST_SYMBOLS:
            raise serializers.ValidationError(f"Name 1 to {MOST_SYMBOLS} symbols.")
        return names


class ChainIn(serializers.Serializer[Any]):
    """Which expiry of a chain to read; the nearest when none is named."""

    expiry = serializers.DateField(required=False, default=None)


class InstrumentOut(serializers.Serializer[Any]):
    """An instrument; an option's symbol is its padded OCC name."""

    symbol = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField()
    underlying = serializers.CharField(allow_null=True)
    expiry = serializers.DateField(allow_null=True)
    strike = serializers.CharField(allow_null=True)
    right = serializers.CharField(allow_null=True)
    multiplier = serializers.IntegerField()
    tick_rule = serializers.CharField()
    is_active = serializers.BooleanField()
    is_simulated = serializers.BooleanField()


class QuoteOut(serializers.Serializer[Any]):
    """The latest quote; `source_at` is the exchange's time, `received_at` the desk's."""

    symbol = serializers.CharField()
    bid = serializers.CharField(allow_null=True)
    ask = serializers.CharField(allow_null=True)
    bid_size = serializers.IntegerField()
    ask_size = serializers.IntegerField()
    last = serializers.CharField(allow_null=True)
    volume = serializers.IntegerField()
    source_at = serializers.DateTimeField()
    received_at = serializers.DateTimeField()
    source = serializers.CharField()  # type: ignore[assignment]  # a field of the row, not the serializer's own source
    quality = serializers.CharField()


class QuotesOut(serializers.Serializer[Any]):
    """The latest quotes, in the order asked."""

    results = QuoteOut(many=True)


class BookLevelOut(serializers.Serializer[Any]):
    """One price of a book; `maker` is who bids or offers there, where the broker says so."""

    price = serializers.CharField()
    size = serializers.IntegerField()
    maker = serializers.CharField(allow_blank=True)


class DepthOut(serializers.Serializer[Any]):
    """A book, best prices first; without one (`has_book`), the best prices alone. `note` says what is to be known."""

    symbol = serializers.CharField()
    has_book = serializers.BooleanField()
    note = serializers.CharField(allow_blank=True)
    bids = BookLevelOut(many=True)
    asks = BookLevelOut(many=True)
    received_at = serializers.DateTimeField()


class GreeksOut(serializers.Serializer[Any]):
    """Model values per share: volatility a year, theta a day, vega a volatility point, rho a rate point."""

    price = serializers.FloatField()
    iv = serializers.FloatField()
    delta = serializers.FloatField()
    gamma = serializers.FloatField()
    theta = serializers.FloatField()
    vega = serializers.FloatField()
    rho = serializers.FloatField()


class ChainCellOut(serializers.Serializer[Any]):
    """One option of a chain."""

    symbol = serializers.CharField()
    quote = QuoteOut(allow_null=True)
    greeks = GreeksOut(allow_null=True)
    open_interest = serializers.IntegerField(allow_null=True)


class ChainRowOut(serializers.Serializer[Any]):
    """One strike."""

    strike = serializers.CharField()
    call = ChainCellOut(allow_null=True)
    put = ChainCellOut(allow_null=True)


class ChainOut(serializers.Serializer[Any]):
    """The options of one underlying and expiry, lowest strike first."""

    underlying = serializers.CharField()
    spot = QuoteOut(allow_null=True)
    expiry = serializers.DateField(allow_null=True)
    expiries = serializers.ListField(child=serializers.DateField())
    rows = ChainRowOut(many=True)
