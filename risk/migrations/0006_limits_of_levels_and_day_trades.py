"""Give a desk that has limits those of option levels, exchange limits and day trades: a control without one refuses."""

from decimal import Decimal

from django.db import migrations

NEW = (
    ("option_level", "COUNT", None, Decimal(3)),
    ("exchange_position", "CONTRACTS", Decimal(20000), Decimal(25000)),
    ("day_trades", "COUNT", None, Decimal(3)),
    ("day_trade_equity", "USD", None, Decimal(25000)),
    ("intraday_excess", "USD", None, Decimal(0)),
)


def add(apps, schema_editor):
    Limit = apps.get_model("risk", "Limit")
    for_everybody = Limit.objects.filter(account=None, underlying="")
    newest = for_everybody.order_by("-effective_at").first()
    if newest is None:
        return  # a new desk: its seed sets every limit
    for code, unit, soft, hard in NEW:
        Limit.objects.get_or_create(
            code=code,
            account=None,
            underlying="",
            defaults={"unit": unit, "soft": soft, "hard": hard, "effective_at": newest.effective_at},
        )


class Migration(migrations.Migration):
    dependencies = [("risk", "0005_limits_of_new_controls")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
