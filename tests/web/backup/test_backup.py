"""A backup brings all of a workspace and its site back, and refuses what is damaged."""

import hashlib
import json
import os
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from septima.backup.archive import BackupError
from septima.backup.making import back_up
from septima.backup.restoring import restore
from septima.lake.append import append
from septima.web.accounts.models import Organisation, User
from septima.workspace import Workspace
from tests.web.backup.conftest import rows

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop(home: Organisation) -> Organisation:
    """The workspace with a customer, a connection with its secret and position, and a person on the site."""
    lake = Workspace.open(home.directory).lake
    append(lake, "customers", [{"customer_id": "C1", "region": "Ufa"}], "crm", batch="1")
    connections = home.directory / "connections"
    (connections / "work" / "crm").mkdir(parents=True)
    (connections / "crm.yaml").write_text("kind: sqlite\n", encoding="utf-8")
    (connections / "crm.secrets").write_text("password: hush\n", encoding="utf-8")
    (connections / "crm.secrets").chmod(0o600)
    (connections / "work" / "crm" / "position.json").write_text("{}", encoding="utf-8")
    User.objects.create_user("ann@example.org", "correct horse battery", name="Ann")
    return home


def test_all_comes_back_by_its_bytes(
    shop: Organisation, tmp_path: Path, database_url: str | None, empty_database: Callable[[], str | None]
) -> None:
    kept = back_up(shop.directory, tmp_path / "one.zip", database_url=database_url)
    assert kept.versions == {"": 1}
    assert kept.left_out == ("connections/crm.secrets",)
    assert stat.S_IMODE((tmp_path / "one.zip").stat().st_mode) == 0o600
    folder, url = tmp_path / "elsewhere" / "home", empty_database()
    restore(tmp_path / "one.zip", folder, database_url=url)
    before, after = _sums(shop.directory), _sums(folder)
    assert {path for path in before if path not in after} == {
        "connections/crm.secrets",
        "site/kept/page",
        *(path for path in before if path.endswith(".lock")),
    }
    assert {path: sum_ for path, sum_ in after.items() if before.get(path) != sum_} == {}
    assert rows(folder, url, "SELECT name FROM accounts_user") == [("Ann",)]
    assert rows(folder, url, "SELECT folder FROM accounts_organisation") == [(str(folder),)], "it knows where it is now"
    workspace = Workspace.open(folder)
    assert workspace.table("customers")["region"].to_pyarrow().to_pylist() == ["Ufa"]
    append(workspace.lake, "customers", [{"customer_id": "C2"}], "crm", batch="2")
    assert append(workspace.lake, "customers", [{"customer_id": "C1"}], "crm", batch="1").repeated


def _sums(folder: Path) -> dict[str, str]:
    """The sums of all files but the database, which is compared by what it answers."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith("site.sqlite3")
    }


def test_secrets_of_connections_come_where_they_are_asked_for(
    shop: Organisation, tmp_path: Path, database_url: str | None, empty_database: Callable[[], str | None]
) -> None:
    back_up(shop.directory, tmp_path / "one.zip", database_url=database_url, secrets=True)
    restore(tmp_path / "one.zip", tmp_path / "new", database_url=empty_database())
    secrets = tmp_path / "new" / "connections" / "crm.secrets"
    assert secrets.read_text(encoding="utf-8") == "password: hush\n"
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600


def test_a_link_to_elsewhere_is_left_out_and_told_of_once(
    home: Organisation, tmp_path: Path, database_url: str | None
) -> None:
    (tmp_path / "elsewhere").mkdir()
    for folder in ("site", "connections"):
        (home.directory / folder).mkdir(exist_ok=True)
        (home.directory / folder / "away").symlink_to(tmp_path / "elsewhere")
    kept = back_up(home.directory, tmp_path / "one.zip", database_url=database_url)
    assert kept.left_out == ("connections/away", "site/away")


def test_a_workspace_elsewhere_comes_into_the_sites_folder(
    shop: Organisation,
    empty_folder: Path,
    tmp_path: Path,
    database_url: str | None,
    empty_database: Callable[[], str | None],
) -> None:
    third = shop.directory / "site" / "organisations" / "third"
    for folder, mark in ((tmp_path / "far" / "away", "far away"), (third, "within")):
        shutil.copytree(empty_folder, folder)
        (folder / "note.txt").write_text(mark, encoding="utf-8")
    Organisation.objects.create(name="Other", slug="other", folder=str(tmp_path / "far" / "away"))
    Organisation.objects.create(name="Third", slug="third", folder="organisations/third")
    back_up(shop.directory, tmp_path / "one.zip", database_url=database_url)
    folder, url = tmp_path / "new", empty_database()
    restore(tmp_path / "one.zip", folder, database_url=url)
    found = dict(rows(folder, url, "SELECT slug, folder FROM accounts_organisation"))
    assert found == {
        "home": str(folder),
        "other": str(folder / "site" / "organisations" / "other"),
        "third": "organisations/third",
    }
    assert (Path(found["other"]) / "note.txt").read_text(encoding="utf-8") == "far away"
    assert (folder / "site" / "organisations" / "third" / "note.txt").read_text(encoding="utf-8") == "within"
    assert Workspace.open(found["other"]).lake.version == 0


@pytest.mark.parametrize("place", ["lake/commits/00000001.json", "site/secret.key"])
def test_a_damaged_backup_is_refused_with_the_file_that_is(
    shop: Organisation,
    tmp_path: Path,
    database_url: str | None,
    empty_database: Callable[[], str | None],
    place: str,
) -> None:
    file = tmp_path / "one.zip"
    back_up(shop.directory, file, database_url=database_url)
    with zipfile.ZipFile(file) as opened:
        entry = opened.getinfo(place)
    content = bytearray(file.read_bytes())
    content[entry.header_offset + 30 + len(place.encode()) + 20 + entry.compress_size // 2] ^= 0x55
    file.write_bytes(content)
    with pytest.raises(BackupError, match=f"one.zip is damaged: {place}"):
        restore(file, tmp_path / "new", database_url=empty_database())
    assert not (tmp_path / "new").exists()
    assert list(tmp_path.glob(".new*")) in ([], [tmp_path / ".new.restoring.lock"])


def test_a_file_that_was_put_in_the_place_of_another_is_found_by_its_sum(
    shop: Organisation, tmp_path: Path, database_url: str | None, empty_database: Callable[[], str | None]
) -> None:
    back_up(shop.directory, tmp_path / "one.zip", database_url=database_url)
    with zipfile.ZipFile(tmp_path / "one.zip") as opened, zipfile.ZipFile(tmp_path / "two.zip", "w") as written:
        for name in opened.namelist():
            written.writestr(name, b"another" if name == "septima.yaml" else opened.read(name))
    with pytest.raises(BackupError, match=r"septima\.yaml in it is not what was written there"):
        restore(tmp_path / "two.zip", tmp_path / "new", database_url=empty_database())


def test_a_backup_that_was_cut_short_is_refused(shop: Organisation, tmp_path: Path, database_url: str | None) -> None:
    file = tmp_path / "one.zip"
    back_up(shop.directory, file, database_url=database_url)
    os.truncate(file, file.stat().st_size // 2)
    with pytest.raises(BackupError, match="was cut short"):
        restore(file, tmp_path / "new")


def test_nothing_is_written_over(shop: Organisation, tmp_path: Path, database_url: str | None) -> None:
    back_up(shop.directory, tmp_path / "one.zip", database_url=database_url)
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(BackupError, match="is not empty"):
        restore(tmp_path / "one.zip", tmp_path / "new", database_url=database_url)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["mine.txt"]
    another = database_url or "postgresql://nobody@nowhere/x"
    with pytest.raises(BackupError, match="holds tables already" if database_url else "take SEPTIMA_DATABASE_URL out"):
        restore(tmp_path / "one.zip", tmp_path / "other", database_url=another)
    assert not (tmp_path / "other").exists()


def test_a_place_within_the_workspace_is_no_place_for_its_backup(shop: Organisation, database_url: str | None) -> None:
    with pytest.raises(BackupError, match="name a place outside of it"):
        back_up(shop.directory, shop.directory / "backups" / "one.zip", database_url=database_url)


def test_restoring_goes_on_where_it_was_ended(
    shop: Organisation, tmp_path: Path, database_url: str | None, empty_database: Callable[[], str | None]
) -> None:
    back_up(shop.directory, tmp_path / "one.zip", database_url=database_url)
    begun = tmp_path / ".new.restoring"
    with zipfile.ZipFile(tmp_path / "one.zip") as opened:
        opened.extract("scorecard.yaml", begun)
        facts = json.loads(opened.read("manifest.json"))
    (begun / "septima.yaml").write_text("half of it", encoding="utf-8")
    was = (begun / "scorecard.yaml").stat().st_ino
    restored = restore(tmp_path / "one.zip", tmp_path / "new", database_url=empty_database())
    assert (tmp_path / "new" / "scorecard.yaml").stat().st_ino == was, "what is there whole is not brought again"
    assert restored.files == len(facts["files"])
    assert Workspace.open(tmp_path / "new").settings.organisation == "Other & Co"


def test_a_write_that_was_killed_is_put_right_after_coming_back(
    shop: Organisation, tmp_path: Path, database_url: str | None, empty_database: Callable[[], str | None]
) -> None:
    """The writer of a lake may be dead when a backup is made: its marks come along, and the next writer heeds them."""
    lake = Workspace.open(shop.directory).lake
    with lake.write("dies") as writing:
        path = writing.new_file("customers")
        path.write_bytes(Path(lake.files("customers")[0]).read_bytes())
        writing.add("customers", path, 1)
        writing.advance("customers")
        marker = (lake.root / "writer.json").read_text(encoding="utf-8")
        writing._added.clear()
    (lake.root / "writer.json").write_text(marker, encoding="utf-8")
    back_up(shop.directory, tmp_path / "one.zip", database_url=database_url)
    restore(tmp_path / "one.zip", tmp_path / "new", database_url=empty_database())
    restored = Workspace.open(tmp_path / "new")
    append(restored.lake, "customers", [{"customer_id": "C2"}], "crm", batch="2")
    assert sorted(restored.table("customers")["customer_id"].to_pyarrow().to_pylist()) == ["C1", "C2"]
