"""A data folder as `shaodao up` would keep it, around services that a test serves itself."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

from deploy.local.data_folder import DataFolder, Secrets, write_private


@contextmanager
def stack_folder(path: Path, *, secret: str, **told: str) -> Iterator[DataFolder]:
    """The folder, held while the block lasts; `told`: router, kafka, topic_prefix …"""
    folder = DataFolder(path)
    with folder.hold():
        made = replace(Secrets.make(), token_secret=secret)
        write_private(path / "secrets.json", asdict(made))
        write_private(folder.stack, {**told, "supervisor": os.getpid(), "processes": {}})
        yield folder
