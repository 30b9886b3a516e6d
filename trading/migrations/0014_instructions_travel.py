from django.db import migrations, models

STATES = [
    ("RECORDED", "Recorded at the desk"),
    ("SENT", "Sent, not answered"),
    ("ACCEPTED", "Accepted by the broker"),
    ("WITHDRAWING", "Being withdrawn"),
    ("REFUSED", "Refused"),
    ("CONFIRMED", "Given to the broker by a person"),
    ("WITHDRAWN", "Withdrawn"),
    ("DONE", "Done"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("trading", "0013_capital_of_account"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="exerciseinstruction", name="an_instruction_is_closed_by_somebody"),
        migrations.RemoveIndex(model_name="exerciseinstruction", name="instruction_in_force"),
        migrations.AddField(
            model_name="exerciseinstruction", name="sent_at", field=models.DateTimeField(null=True)
        ),
        migrations.AddField(
            model_name="exerciseinstruction", name="answer", field=models.CharField(blank=True, default="", max_length=300), preserve_default=False
        ),
        migrations.AddField(
            model_name="exerciseinstruction", name="exercised", field=models.PositiveIntegerField(null=True)
        ),
        migrations.AlterField(
            model_name="exerciseinstruction",
            name="state",
            field=models.CharField(choices=STATES, default="RECORDED", max_length=11),
        ),
    ]
