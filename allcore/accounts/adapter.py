"""Sign-up is closed: admins make users."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class ClosedSignupAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Nobody signs themselves up to a trading desk."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Say no."""
        return False
