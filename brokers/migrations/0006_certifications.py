"""Reports of certification."""

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("brokers", "0005_paper_trail_mark")]

    operations = [
        migrations.CreateModel(
            name="Certification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("broker", models.CharField(max_length=40)),
                (
                    "level",
                    models.CharField(
                        choices=[
                            ("SIMULATED", "SIMULATED"),
                            ("SANDBOX", "SANDBOX"),
                            ("PAPER", "PAPER"),
                            ("LIVE_CERTIFIED", "LIVE_CERTIFIED"),
                        ],
                        max_length=16,
                    ),
                ),
                ("adapter_digest", models.CharField(max_length=64)),
                ("findings", models.JSONField(default=list)),
                ("is_passed", models.BooleanField()),
                ("started_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("certified_by", models.CharField(max_length=120)),
                (
                    "connection",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="certifications",
                        to="brokers.connection",
                    ),
                ),
            ],
            options={
                "db_table": "certification",
                "indexes": [models.Index(fields=["broker", "-finished_at"], name="certification_newest")],
                "constraints": [
                    models.CheckConstraint(
                        condition=Q(finished_at__gte=F("started_at"), expires_at__gt=F("finished_at")),
                        name="a_certification_ends_after_it_began",
                    ),
                    models.CheckConstraint(
                        condition=Q(level="SIMULATED") | Q(connection__isnull=False),
                        name="above_simulated_a_connection_was_tried",
                    ),
                ],
            },
        ),
    ]
