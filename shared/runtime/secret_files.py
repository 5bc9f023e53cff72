"""Settings whose value stands in a file: `SHAODAO_TOKEN_SECRET_FILE=/run/secrets/token`.

So a password is neither in the environment of a process, which others may read, nor in a manifest.
Every setting may come so; a line's end after the value is no part of it.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource


class NamedFiles(PydanticBaseSettingsSource):
    """Reads the files that variables `<PREFIX><NAME>_FILE` name.

    Raises ValueError where a setting is given both ways, as nobody could tell which one holds.
    """

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """What its file says; None without a file."""
        variable = f"{self.config.get('env_prefix', '')}{field_name}".upper()
        named = os.environ.get(f"{variable}_FILE")
        if not named or f"{field_name}_file" in self.settings_cls.model_fields:
            return None, field_name, False  # some settings are files themselves: `clock_file`
        if variable in os.environ:
            raise ValueError(f"{variable} and {variable}_FILE are both set")
        return Path(named).read_text(encoding="utf-8").rstrip("\r\n"), field_name, False

    def __call__(self) -> dict[str, Any]:
        found = {
            name: self.get_field_value(field, name)[0]
            for name, field in self.settings_cls.model_fields.items()
        }
        return {name: value for name, value in found.items() if value is not None}


class FileSettings(BaseSettings):
    """Settings from the environment, or from the files that it names."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given in code comes first, then the environment, then named files."""
        return init_settings, env_settings, NamedFiles(settings_cls)


def said(name: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """A variable, or what is in the file that `<name>_FILE` names; None for neither."""
    if value := environ.get(name):
        return value
    named = environ.get(f"{name}_FILE")
    return Path(named).read_text(encoding="utf-8").rstrip("\r\n") if named else None
