"""The order's life: a pure core whose status is derived, never assigned."""
