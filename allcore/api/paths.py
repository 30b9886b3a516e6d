"""What stands in a path."""

from django.urls import register_converter
from django.urls.converters import IntConverter


class RowConverter(IntConverter):
    """A row's key: a longer number would be no row's, and no column could be asked for it."""

    regex = "[0-9]{1,18}"


register_converter(RowConverter, "row")
