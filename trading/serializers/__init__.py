"""Wire shapes of the REST API."""
