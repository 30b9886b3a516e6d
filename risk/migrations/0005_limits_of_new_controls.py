"""Give a desk that has limits those of the new controls: a control without one refuses every order."""

from decimal import Decimal

from django.db import migrations

NEW = (
    ("price_from_model", "FRACTION", Decimal("0.15"), None),
    ("fat_finger", "COUNT", Decimal("5"), None),
    ("kill_day_loss", "RATIO", None, Decimal("0.03")),
    ("kill_breaks", "COUNT", None, Decimal("5")),
    ("kill_rejects", "COUNT", None, Decimal("10")),
    ("kill_messages", "COUNT", None, Decimal("120")),
    ("kill_stale_market", "SECONDS", Decimal("120"), None),
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
    dependencies = [("risk", "0004_one_index_each")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
