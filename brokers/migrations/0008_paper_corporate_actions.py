from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("brokers", "0007_paper_fill_model"),
    ]

    operations = [
        migrations.AddField(
            model_name="paperaccount",
            name="standing",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="paperbooking",
            name="carried",
            field=models.JSONField(null=True),
        ),
        migrations.AlterField(
            model_name="paperbooking",
            name="kind",
            field=models.CharField(max_length=16),
        ),
    ]
