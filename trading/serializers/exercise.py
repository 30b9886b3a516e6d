"""What is said about long options."""

from rest_framework import serializers

from allcore.api.bodies import Body
from allcore.kernel.instructions import InstructionKind


class InstructionIn(Body[object]):
    """An instruction to exercise, or not to."""

    account = serializers.CharField(max_length=20)
    symbol = serializers.CharField(max_length=21)
    kind = serializers.ChoiceField([k.value for k in InstructionKind])
    qty = serializers.IntegerField(min_value=1, max_value=100_000)
    reason = serializers.CharField(max_length=300, required=False, default="", allow_blank=True)


class ClosingIn(Body[object]):
    """How an instruction ends: withdrawn, or confirmed to be with the broker."""

    state = serializers.ChoiceField(["WITHDRAWN", "CONFIRMED"])
