"""Give a desk that has limits the one that compares what left for a broker with what was entered."""

from decimal import Decimal

from django.db import migrations


def add(apps, schema_editor):
    Limit = apps.get_model("risk", "Limit")
    newest = Limit.objects.filter(account=None, underlying="").order_by("-effective_at").first()
    if newest is None:
        return  # a new desk: its seed sets every limit
    Limit.objects.get_or_create(
        code="kill_unmatched",
        account=None,
        underlying="",
        defaults={"unit": "COUNT", "soft": None, "hard": Decimal(0), "effective_at": newest.effective_at},
    )


class Migration(migrations.Migration):
    dependencies = [("risk", "0010_limits_of_the_portfolio")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
