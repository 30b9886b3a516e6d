"""The wire shape of portfolio risk. Dollars are text; null is not known, and the row says why."""

from rest_framework import serializers


class RestsOnOut(serializers.Serializer[object]):
    """How many symbols the row rests on, those that lack a price or volatility, and those whose quote is doubted."""

    asked = serializers.IntegerField()
    doubtful = serializers.DictField(child=serializers.CharField())
    missing = serializers.ListField(child=serializers.CharField())


class NetGreeksOut(serializers.Serializer[object]):
    """Dollars: of delta, what it gains with a per cent, value a volatility point and a calendar day.

    Vanna and charm are what delta gains with a volatility point and a day, vomma what vega gains with a point.
    """

    delta = serializers.CharField()
    gamma_a_percent = serializers.CharField()
    vega_a_point = serializers.CharField()
    theta_a_day = serializers.CharField()
    vanna_a_point = serializers.CharField()
    charm_a_day = serializers.CharField()
    vomma_a_point = serializers.CharField()


class BetaOut(serializers.Serializer[object]):
    """The delta in shares of the reference; `unknown` are the names whose beta cannot be told."""

    shares = serializers.FloatField(allow_null=True)
    dollars = serializers.CharField(allow_null=True)
    a_percent = serializers.CharField(allow_null=True)
    unknown = serializers.ListField(child=serializers.CharField())


class TailOut(serializers.Serializer[object]):
    """One confidence's losses over the horizon; `by_greeks` is the same by delta and gamma alone."""

    confidence = serializers.FloatField()
    var = serializers.CharField()
    es = serializers.CharField()
    of_equity = serializers.FloatField(allow_null=True)
    worst_days = serializers.IntegerField()
    by_greeks = serializers.CharField()


class BacktestOut(serializers.Serializer[object]):
    """How the value at risk of the days before did on the day after, with the book held now."""

    confidence = serializers.FloatField()
    days = serializers.IntegerField()
    exceptions = serializers.IntegerField()
    expected = serializers.FloatField()
    zone = serializers.CharField()
    is_rejected = serializers.BooleanField()


class VarOut(serializers.Serializer[object]):
    """Tails by full revaluation; empty where the observations are too few. `volatility`: INDEX scales it, or HELD."""

    observations = serializers.IntegerField()
    without_history = serializers.ListField(child=serializers.CharField())
    volatility = serializers.CharField()
    first = serializers.DateField(allow_null=True)
    last = serializers.DateField(allow_null=True)
    tails = TailOut(many=True)
    backtest = BacktestOut(allow_null=True)


class WorstOut(serializers.Serializer[object]):
    """The grid's worst cell, by its places."""

    move = serializers.IntegerField()
    points = serializers.IntegerField()
    pnl = serializers.CharField()
    of_equity = serializers.FloatField(allow_null=True)


class NamedOut(serializers.Serializer[object]):
    """A named day."""

    name = serializers.CharField()
    move = serializers.FloatField()
    points = serializers.FloatField()
    pnl = serializers.CharField()


class GapOut(serializers.Serializer[object]):
    """The worst gap of a single name."""

    underlying = serializers.CharField()
    move = serializers.FloatField()
    pnl = serializers.CharField()


class StressOut(serializers.Serializer[object]):
    """The grid: a row a move of the spot, a column a number of volatility points."""

    grid = serializers.ListField(child=serializers.ListField(child=serializers.CharField()))
    worst = WorstOut()
    named = NamedOut(many=True)
    gap = GapOut(allow_null=True)


class NameShareOut(serializers.Serializer[object]):
    """What is at work in one name, and its share."""

    underlying = serializers.CharField()
    at_work = serializers.CharField()
    share = serializers.FloatField()


class ConcentrationOut(serializers.Serializer[object]):
    """The sum of squared shares, and how many equal names that is."""

    hhi = serializers.FloatField()
    effective_names = serializers.FloatField()
    names = NameShareOut(many=True)


class FallOut(serializers.Serializer[object]):
    """How far below its best equity is now and was at worst, at closes, free of deposits and withdrawals."""

    now = serializers.FloatField()
    worst = serializers.FloatField()
    worst_at = serializers.DateTimeField()
    since = serializers.DateTimeField()
    values = serializers.IntegerField()


class AssignmentOut(serializers.Serializer[object]):
    """A short call over a dividend of the next session; exercise is expected if the dividend is more than it costs."""

    symbol = serializers.CharField()
    description = serializers.CharField()
    qty = serializers.IntegerField()
    ex_date = serializers.DateField()
    dividend = serializers.FloatField()
    put = serializers.FloatField()
    interest = serializers.FloatField()
    is_expected = serializers.BooleanField()


class MeasureOut(serializers.Serializer[object]):
    """One account, or (`account` null) all that you see of an environment."""

    account = serializers.CharField(allow_null=True)
    title = serializers.CharField()
    environment = serializers.CharField()
    accounts = serializers.ListField(child=serializers.CharField())
    equity = serializers.CharField(allow_null=True)
    positions = serializers.IntegerField()
    quotes = RestsOnOut()
    concentration = ConcentrationOut(allow_null=True)
    drawdown = FallOut(allow_null=True)
    assignments = AssignmentOut(many=True)
    greeks = NetGreeksOut(allow_null=True)
    beta = BetaOut(allow_null=True)
    var = VarOut(allow_null=True)
    stress = StressOut(allow_null=True)


class MeasuresOut(serializers.Serializer[object]):
    """Every row; `moves` and `points` are the grid's axes, `needed` the fewest observations of a value at risk."""

    as_of = serializers.DateTimeField()
    reference = serializers.CharField()
    needed = serializers.IntegerField()
    window = serializers.IntegerField()
    horizon_days = serializers.IntegerField()
    moves = serializers.ListField(child=serializers.FloatField())
    points = serializers.ListField(child=serializers.FloatField())
    results = MeasureOut(many=True)
