"""A worker that is killed while it loads: what it left is seen, and begun again nothing is lost or doubled."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from septima.web.accounts.models import User
from septima.web.data.uploads import start_loading
from septima.web.work.models import Work
from tests.web.conftest import Site
from tests.web.data.conftest import Shop, address, bring, newest
from tests.web.data.test_uploads import MAPPING, ORDERS, mapped

WORKER = """
import os, sys, time
from django.conf import settings
name, media, job, where = sys.argv[1:]
settings.DATABASES["default"]["NAME"] = name
settings.MEDIA_ROOT = media
import django
django.setup()
from septima.lake.store import Lake
from septima.web.data import works
from septima.web.work.doing import carry_out

def stop(*arguments, **named):
    print("there", flush=True)
    time.sleep(600)

if where == "before":
    import septima.lake.load as loading
    loading._publish = stop
elif where == "after":
    whole = works.load
    works.load = lambda *arguments, **named: stop(whole(*arguments, **named))  # the lake has its rows, and nobody is told
carry_out(int(job), 1)
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("where", ["before", "after"])
def test_a_killed_load_is_seen_and_begun_again(
    where: str, shop: Shop, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    client.force_login(User.objects.get(email="analyst@example.org"))
    bring(client, ORDERS)
    mapped(client, MAPPING)
    upload = newest()
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("septima.web.work.doing._enqueue", lambda _: None)
        job = start_loading(upload, User.objects.get(email="analyst@example.org"))
    assert job is not None

    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "septima.web.settings",
        "SEPTIMA_SITE": str(settings.SITE_FOLDER),
    }
    arguments = [str(connection.settings_dict["NAME"]), str(settings.MEDIA_ROOT), str(job.pk), where]
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, *arguments], env=environment, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
    )
    assert worker.stdout is not None
    assert worker.stdout.readline() == "there\n"
    running = client.get(address("work", job.pk))
    assert running.context["work"].state == "running"
    worker.send_signal(signal.SIGKILL)
    worker.wait()

    page = client.get(address("work", job.pk))
    assert page.context["work"].was_lost
    assert "start it again" in page.content.decode()
    assert shop.count("orders") == (0 if where == "before" else 3)

    client.post(address("work", job.pk, "retry"))
    again = Work.objects.get(pk=job.pk)
    # As counted by hand: of five rows three are good, one has a word for a sum, one a day that June lacks.
    assert (again.state, again.attempt) == ("done", 2)
    assert again.result["tables"] == {
        "orders": {"read": 5, "loaded": 3, "updated": 0, "duplicate": 0, "quarantined": 2}
    }
    assert (shop.count("orders"), shop.count("quarantine")) == (3, 2)
    upload.refresh_from_db()
    assert upload.state == "loaded"
