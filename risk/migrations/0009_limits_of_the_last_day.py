"""Give a desk that has limits those by which short options are watched on their last day."""

from decimal import Decimal

from django.db import migrations

NEW = (("near_strike", "FRACTION", "0.005"), ("pinned", "FRACTION", "0.01"))


def add(apps, schema_editor):
    Limit = apps.get_model("risk", "Limit")
    newest = Limit.objects.filter(account=None, underlying="").order_by("-effective_at").first()
    if newest is None:
        return  # a new desk: its seed sets every limit
    for code, unit, soft in NEW:
        Limit.objects.get_or_create(
            code=code,
            account=None,
            underlying="",
            defaults={"unit": unit, "soft": Decimal(soft), "hard": None, "effective_at": newest.effective_at},
        )


class Migration(migrations.Migration):
    dependencies = [("risk", "0008_limits_of_the_day")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
