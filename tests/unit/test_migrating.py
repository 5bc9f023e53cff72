"""How far a database is beside this version: what it lacks, has beyond, or has changed."""

import hashlib

import pytest

from deploy.local.errors import StackError
from deploy.local.migrating import OWNER, compared, known_service, named_target

FILES = {"router/0001_a.sql": "create table a ();", "router/0002_b.sql": "create table b ();"}
KNOWN = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in FILES.items()}


def test_a_database_at_this_version_fits() -> None:
    found = compared("router", FILES, KNOWN)
    assert (found.fits, found.applied, found.missing, found.newer) == (True, 2, (), ())


def test_what_is_missing_keeps_a_version_from_starting() -> None:
    found = compared("router", FILES, {"router/0001_a.sql": KNOWN["router/0001_a.sql"]})
    assert (found.fits, found.missing) == (False, ("router/0002_b.sql",))


def test_a_newer_schema_is_fine() -> None:
    found = compared("router", FILES, {**KNOWN, "router/0003_c.sql": "…"})
    assert (found.fits, found.newer) == (True, ("router/0003_c.sql",))


def test_a_file_that_was_changed_is_told() -> None:
    found = compared("router", FILES, {**KNOWN, "router/0002_b.sql": "another"})
    assert (found.fits, found.changed) == (False, ("router/0002_b.sql",))


def test_the_environment_names_a_database_and_who_works_in_it() -> None:
    assert named_target("intake", {}) is None
    found = named_target("intake", {OWNER: "postgresql://intake_owner:x@db/intake?sslmode=require"})
    assert found is not None
    assert (found.service, found.runtime_role) == ("intake", "intake")
    with pytest.raises(StackError):
        known_service("kitchen")
