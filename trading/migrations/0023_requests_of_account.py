"""A request knows its account: the pace of messages is read by it, whatever other accounts send meanwhile."""

import django.db.models.deletion
from django.db import migrations, models

FILL = """
UPDATE order_request r SET account_id = o.account_id FROM "order" o WHERE o.id = r.order_id;
SET CONSTRAINTS ALL IMMEDIATE
"""


class Migration(migrations.Migration):
    dependencies = [
        ("brokers", "0012_one_index_each"),
        ("trading", "0022_requests_of_late"),
    ]

    operations = [
        migrations.AddField(
            model_name="orderrequest",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="brokers.account",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="orderrequest",
            name="account",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="brokers.account",
            ),
        ),
        migrations.RemoveIndex(model_name="orderrequest", name="requests_of_late"),
        migrations.AddIndex(
            model_name="orderrequest",
            index=models.Index(fields=["account", "created_at"], name="requests_of_account"),
        ),
    ]
