from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("brokers", "0004_external_policy"),
    ]

    operations = [
        migrations.AddField(
            model_name="paperorder",
            name="trail_mark",
            field=models.DecimalField(decimal_places=4, max_digits=14, null=True),
        ),
    ]
