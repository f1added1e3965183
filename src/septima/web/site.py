"""Making a site ready: its database, its style sheets, its first organisation and its first administrator."""

import hashlib
import os
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from septima.schema import SeptimaError, Text
from septima.settings import FILE, SITE_FOLDER


class SiteError(SeptimaError):
    """The site cannot be made ready."""


@dataclass(frozen=True)
class FirstSignIn:
    """The administrator who is first to sign in, and the path of the link that lets them."""

    email: str
    path: str


def open_site(directory: Path, *, development: bool = False) -> Path:
    """Set up Django for the site of a folder, and bring its database and style sheets up to the program; gives its folder.

    The folder is a workspace, which then keeps the site in `site/`, or a folder of its own for a site of several
    organisations. SiteError where it is neither.
    """
    folder = directory.absolute()
    if (folder / FILE).exists():
        folder = folder / SITE_FOLDER
    elif not folder.is_dir():
        raise SiteError(
            Text(
                f"there is no workspace at {directory}; make one: septima init {directory}, or try septima demo",
                f"в\u00a0{directory} нет рабочего пространства; создайте его: septima init {directory}\u00a0— или попробуйте septima demo",
            )
        )
    folder.mkdir(exist_ok=True)
    os.environ["SEPTIMA_SITE"] = str(folder)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "septima.web.settings")
    if development:
        os.environ["SEPTIMA_DEBUG"] = "1"
    import django  # noqa: PLC0415

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    # The server and the worker begin at once; one of them makes the site ready, the other finds it so.
    with FileLock(folder / "upgrade.lock"):
        call_command("migrate", verbosity=0, interactive=False)
        call_command("createcachetable", verbosity=0)
        if not development:
            _collect_static()
    return folder


def _collect_static() -> None:
    """Bring style sheets, scripts and fonts together for the server, unless those there are of these very files."""
    from django.conf import settings  # noqa: PLC0415
    from django.contrib.staticfiles.finders import get_finders  # noqa: PLC0415
    from django.core.management import call_command  # noqa: PLC0415

    seen = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            path = Path(storage.path(name)).stat()
            seen.update(f"{name}\0{path.st_size}\0{path.st_mtime_ns}\0".encode())
    made_of = Path(settings.STATIC_ROOT) / ".made-of"
    if not made_of.exists() or made_of.read_text(encoding="ascii") != seen.hexdigest():
        call_command("collectstatic", verbosity=0, interactive=False, clear=True)
        made_of.write_text(seen.hexdigest(), encoding="ascii")


def add_organisation(name: str, folder: Path) -> str:
    """Add the organisation of a workspace to the site, if it is not there; gives its slug."""
    from septima.web.accounts.models import Organisation  # noqa: PLC0415

    found = Organisation.objects.filter(folder=str(folder)).first()
    if found is None:
        found = Organisation.objects.create(name=name, slug=free_slug(name), folder=str(folder))
    return found.slug


def first_sign_in(slug: str, email: str) -> FirstSignIn | None:
    """A link for the first administrator; None once one of them has a password or signs in by a provider."""
    from allauth.socialaccount.models import SocialAccount  # noqa: PLC0415
    from django.utils import timezone  # noqa: PLC0415

    from septima.web.accounts.models import (  # noqa: PLC0415
        LINK_LASTS,
        Membership,
        Organisation,
        SignInLink,
        User,
        new_token,
        token_hash,
    )

    organisation = Organisation.objects.get(slug=slug)
    members = Membership.objects.filter(organisation=organisation, role="administrator", ended_at=None)
    if any(one.user.has_usable_password() for one in members.select_related("user")):
        return None
    if SocialAccount.objects.filter(user__in=members.values("user")).exists():
        return None
    person = User.objects.filter(email=email.lower()).first() or User.objects.create_user(email, is_operator=True)
    if not members.exists():
        Membership.objects.update_or_create(
            {"role": "administrator"}, user=person, organisation=organisation, ended_at=None
        )
    token = new_token("link")
    SignInLink.objects.create(user=person, token_hash=token_hash(token), expires_at=timezone.now() + LINK_LASTS)
    return FirstSignIn(email, f"/sign-in/{token}/")


def free_slug(name: str) -> str:
    """An address for an organisation by its name, Cyrillic written in Latin letters, that no other has."""
    from septima.web.accounts.models import Organisation  # noqa: PLC0415

    latin = "".join(_LATIN.get(letter, letter) for letter in name.lower())
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:50] or "organisation"
    taken = set(Organisation.objects.filter(slug__startswith=slug).values_list("slug", flat=True))
    return next(one for one in (slug, *(f"{slug}-{number}" for number in range(2, len(taken) + 3))) if one not in taken)


_LATIN = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        [
            "a",
            "b",
            "v",
            "g",
            "d",
            "e",
            "e",
            "zh",
            "z",
            "i",
            "y",
            "k",
            "l",
            "m",
            "n",
            "o",
            "p",
            "r",
            "s",
            "t",
            "u",
            "f",
            "kh",
            "ts",
            "ch",
            "sh",
            "shch",
            "",
            "y",
            "",
            "e",
            "yu",
            "ya",
        ],
        strict=True,
    )
)
