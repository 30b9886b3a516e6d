"""Under which names our orders are known at the brokers."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from brokers.models.connections import Connection


class OrderKeyRow(models.Model):
    """One order sent or about to be, written before the wire is touched. `chain` are the broker's ids, oldest first."""

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+")
    cl_ord_id = models.CharField(max_length=20)
    orig_cl_ord_id = models.CharField(max_length=20, blank=True)
    broker_account = models.CharField(max_length=40)
    ticket = models.JSONField()
    chain = ArrayField(models.CharField(max_length=60), default=list)
    details = models.JSONField(default=dict)  # of the adapter's own, such as a permanent id
    intended_at = models.DateTimeField()

    class Meta:
        db_table = "order_key"
        constraints = [models.UniqueConstraint(fields=["connection", "cl_ord_id"], name="a_cl_ord_id_is_used_once")]
        indexes = [
            models.Index(fields=["connection", "intended_at"], name="order_key_by_time"),
            GinIndex(fields=["chain"], name="order_key_by_broker_id"),
        ]

    def __str__(self) -> str:
        return f"{self.cl_ord_id} {self.chain}"
