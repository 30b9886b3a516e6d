"""Give a desk that has limits those of the new controls: a control without one refuses every order."""

from decimal import Decimal

from django.db import migrations

NEW = (
    ("open_interest", "COUNT", "100", None),
    ("order_of_interest", "FRACTION", "0.10", None),
    ("order_of_display", "FRACTION", "1", None),
    ("notional_day", "RATIO", "2", "3"),
    ("order_replaces", "COUNT", None, "20"),
    ("repeated_fills", "COUNT", None, "5"),
    ("earnings_before", "COUNT", "4", None),
    ("earnings_after", "COUNT", "2", None),
    ("time_value", "COUNT", "5", None),
    ("week_loss", "RATIO", "0.05", None),
    ("strategy_loss", "RATIO", "0.01", None),
    ("losses_in_row", "COUNT", "3", None),
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
            defaults={
                "unit": unit,
                "soft": None if soft is None else Decimal(soft),
                "hard": None if hard is None else Decimal(hard),
                "effective_at": newest.effective_at,
            },
        )


class Migration(migrations.Migration):
    dependencies = [("risk", "0007_name_rules_and_holds")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
