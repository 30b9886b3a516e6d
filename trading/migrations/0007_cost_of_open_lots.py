from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("trading", "0006_corporate_actions")]

    operations = [migrations.RunSQL("UPDATE lot SET cost = open_qty * price", migrations.RunSQL.noop)]
