"""How django-allauth is to behave: no sign-up but by invitation, secrets of second factors encrypted."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthProcess
from django.http import HttpRequest

from septima.web.accounts.models import User
from septima.web.accounts.noting import note_account
from septima.web.common import sealed

_SECOND_FACTOR = "second factor"


class AccountAdapter(DefaultAccountAdapter):
    """Nobody signs up by themselves."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Accounts are made by invitation alone."""
        return False

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        """Note a wrong password in the log of whose account it was tried on; of made-up addresses nothing is kept."""
        person = User.objects.filter(email=str(credentials.get("email") or "").lower()).first()
        if person is not None:
            note_account(person, "account.sign_in_failed", by="password")

    def send_password_reset_mail(self, user: Any, email: str, context: dict[str, Any]) -> None:
        """Note that the letter was asked for, and send it."""
        note_account(user, "account.reset_asked")
        super().send_password_reset_mail(user, email, context)


class SocialAccountAdapter(DefaultSocialAccountAdapter):
    """A provider of OpenID Connect signs in people who were invited, by their verified address."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Accounts are made by invitation alone."""
        return False

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Tie the provider's account to the person of its address, once: it is known by itself from then on.

        An address that the provider has not verified ties nothing. Those of people here were proven by invitations.
        """
        if sociallogin.is_existing or sociallogin.state.get("process") != AuthProcess.LOGIN:
            return
        verified = [one.email.lower() for one in sociallogin.email_addresses if one.verified]
        person = User.objects.filter(email__in=verified, is_active=True).first()
        if person is not None:
            sociallogin.connect(request, person)
            note_account(person, "account.provider_tied", sociallogin.account.provider)


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of second factors are kept encrypted by a key made from the site's own."""

    def encrypt(self, text: str) -> str:
        """The text as it is kept."""
        return sealed.closed(text, _SECOND_FACTOR)

    def decrypt(self, encrypted_text: str) -> str:
        """The text as it was."""
        return sealed.opened(encrypted_text, _SECOND_FACTOR)
