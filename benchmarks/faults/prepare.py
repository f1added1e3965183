"""A program: makes in the site of a workspace what faults are tried on, and prints it as JSON."""

import json
import sys
from pathlib import Path
from urllib.parse import urlsplit


def main(workspace: Path) -> None:
    from septima.web.site import add_organisation, open_site

    open_site(workspace)
    from django.test import Client
    from django.utils import timezone

    from septima.web.accounts.models import Membership, Organisation, User, new_token, token_hash
    from septima.web.collect.models import Source
    from septima.web.surveys.instruments import questions_of
    from septima.web.surveys.links import anonymous_address
    from septima.web.surveys.models import OPEN, Survey
    from septima.web.surveys.questions import to_json

    key, slug = new_token("septima_write"), add_organisation("Bench", workspace)
    organisation = Organisation.objects.get(slug=slug)
    Source.objects.create(
        organisation=organisation, name="bench", kind="tracking", key_hash=token_hash(key), key_ends_in=key[-4:]
    )
    survey = Survey.objects.create(
        organisation=organisation,
        name="Bench",
        instrument="nps",
        languages=["en"],
        questions=to_json(questions_of("nps", {})),
        title_en="Bench",
        state=OPEN,
        opens_at=timezone.now(),
    )
    leader = User.objects.create_user("leader@example.org", language="en")
    Membership.objects.create(user=leader, organisation=organisation, role="leader")
    client = Client()
    client.force_login(leader)
    made = {
        "key": key,
        "survey": urlsplit(anonymous_address(survey, "http://127.0.0.1")).path,
        "organisation": slug,
        "cookie": f"sessionid={client.cookies['sessionid'].value}",
    }
    sys.stdout.write(json.dumps(made) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
