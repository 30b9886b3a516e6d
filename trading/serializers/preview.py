"""What is looked at before it is sent."""

from rest_framework import serializers

from trading.domain.structures.analysis import Scenario
from trading.serializers.requests import OrderIn


class ScenarioIn(serializers.Serializer[Scenario]):
    """What if: the curve's moment, volatility points added as a fraction, the price looked at."""

    at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    shift = serializers.FloatField(required=False, default=0.0, min_value=-1.0, max_value=2.0)
    spot = serializers.FloatField(required=False, allow_null=True, default=None, min_value=0.01, max_value=1_000_000)


class PreviewIn(OrderIn):
    """An order as it would be sent; a limit that its type needs may be left out: the middle of the market is taken."""

    scenario = ScenarioIn(required=False)
