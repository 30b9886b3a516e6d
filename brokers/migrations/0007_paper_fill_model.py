from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("brokers", "0006_certifications"),
    ]

    operations = [
        migrations.AddField(
            model_name="paperorder",
            name="queue_ahead",
            field=models.PositiveIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="paperorder",
            name="queue_shown",
            field=models.IntegerField(null=True),
        ),
        migrations.AddField(
            model_name="paperorder",
            name="queue_volume",
            field=models.BigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name="paperexecution",
            name="why",
            field=models.JSONField(default=dict),
        ),
    ]
