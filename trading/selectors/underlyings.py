"""What has a chain."""

from marketdata.models import Instrument


def with_options() -> list[str]:
    """Return the underlyings that have active options, in the order of their names."""
    listed = Instrument.objects.filter(options__is_active=True, is_active=True).order_by("symbol")
    return list(listed.values_list("symbol", flat=True).distinct())
