"""What callers send."""

from collections.abc import Mapping
from typing import Any, TypeVar

from rest_framework import serializers

Value = TypeVar("Value")


class Body(serializers.Serializer[Value]):
    """What a caller sends. A field that it does not know is refused: `conditions` would be an order without one."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the fields' values.

        Raises:
            ValidationError: a field is unknown, or its value cannot be one.
        """
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, Mapping) else []
        if unknown:
            raise serializers.ValidationError({name: ["There is no such field."] for name in unknown})
        return super().to_internal_value(data)
