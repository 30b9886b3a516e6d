"""How the API's description names our tokens."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # the package leaves it untyped
    """A bearer key; registered by being imported."""

    target_class = "allcore.accounts.tokens.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, str]:
        """Return the scheme's description."""
        return {"type": "http", "scheme": "bearer", "description": "A token made at POST /api/v1/tokens/."}
