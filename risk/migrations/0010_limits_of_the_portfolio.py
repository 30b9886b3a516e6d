"""Give a desk that has limits those of the whole account and household: a control without one refuses every order."""

from decimal import Decimal

from django.db import migrations

NEW = (
    ("risk_age", "SECONDS", None, "5"),
    ("net_delta", "RATIO", "1", None),
    ("beta_delta", "RATIO", "2", "3"),
    ("vega", "RATIO", "0.005", "0.0075"),
    ("short_gamma", "RATIO", "0.02", "0.03"),
    ("stress_loss", "RATIO", None, "0.25"),
    ("name_stress", "RATIO", "0.12", "0.18"),
    ("var_99", "RATIO", None, "0.065"),
    ("expiry_share", "RATIO", "0.95", None),
    ("sector", "RATIO", "0.65", None),
    ("cluster", "RATIO", "0.60", None),
    ("concentration", "FRACTION", "0.25", None),
)


def add(apps, schema_editor):
    Limit = apps.get_model("risk", "Limit")
    for_everybody = Limit.objects.filter(account=None, underlying="")
    newest = for_everybody.order_by("-effective_at").first()
    if newest is None:
        return  # a new desk: its seed sets every limit
    for code, unit, soft, hard in NEW:
        values = {name: None if text is None else Decimal(text) for name, text in (("soft", soft), ("hard", hard))}
        Limit.objects.get_or_create(
            code=code,
            account=None,
            underlying="",
            defaults={"unit": unit, "effective_at": newest.effective_at, **values},
        )


class Migration(migrations.Migration):
    dependencies = [("risk", "0009_limits_of_the_last_day")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
