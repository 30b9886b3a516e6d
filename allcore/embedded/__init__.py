"""PostgreSQL and Valkey from PyPI wheels, run beside the desk when no server is named."""
