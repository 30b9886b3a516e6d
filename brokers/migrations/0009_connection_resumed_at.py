from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("brokers", "0008_paper_corporate_actions")]

    operations = [
        migrations.AddField(
            model_name="connection",
            name="resumed_at",
            field=models.DateTimeField(null=True),
        ),
    ]
