from django.db import migrations, models
from django.db.models import Q

OPEN = ["RECORDED", "SENT", "ACCEPTED", "WITHDRAWING"]


class Migration(migrations.Migration):
    dependencies = [
        ("trading", "0015_held_instructions_are_recorded"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="exerciseinstruction",
            index=models.Index(
                condition=Q(state__in=[*OPEN, "CONFIRMED"]), fields=["account", "instrument"], name="instruction_in_force"
            ),
        ),
        migrations.AddConstraint(
            model_name="exerciseinstruction",
            constraint=models.CheckConstraint(
                condition=Q(state__in=OPEN, closed_at=None) | Q(~Q(state__in=OPEN), closed_at__isnull=False),
                name="an_instruction_ends_at_some_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="exerciseinstruction",
            constraint=models.CheckConstraint(
                condition=~Q(state__in=["CONFIRMED", "WITHDRAWN", "WITHDRAWING"]) | Q(closed_by__isnull=False),
                name="an_instruction_is_taken_back_by_somebody",
            ),
        ),
    ]
