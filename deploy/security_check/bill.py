"""The bill of materials (CycloneDX 1.6) of everything that is locked, made from the locks alone."""

from pathlib import Path
from typing import Final

from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packageurl import PackageURL

from deploy.security_check.locks import Locked, locked

FILE: Final = "build/sbom/shaodao.cdx.json"


def check(folder: Path) -> list[str]:
    """What of the locks is not in the bill, and where the bill is not as the standard has it."""
    wanted = locked(folder)
    text = made(wanted)
    faults = [f"{each.purl} is not in it" for each in wanted if f'"{each.purl}"' not in text]
    kinds = {each.kind for each in wanted}
    faults += [f"nothing of {kind} is locked" for kind in {"pypi", "npm", "maven"} - kinds]
    if (wrong := JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)) is not None:
        faults.append(f"not CycloneDX 1.6: {wrong}")
    return faults


def write(folder: Path) -> Path:
    """Write it where builds go; returns the file."""
    file = folder / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(made(locked(folder)), encoding="utf-8")
    return file


def made(parts: list[Locked]) -> str:
    """The bill as JSON."""
    bom = Bom()
    whole = Component(name="shaodao", type=ComponentType.APPLICATION, bom_ref="shaodao")
    bom.metadata.component = whole
    for each in parts:
        bom.components.add(
            Component(
                name=each.name,
                group=each.group,
                version=each.version,
                type=ComponentType.LIBRARY,
                bom_ref=each.purl,
                purl=PackageURL.from_string(each.purl),
            )
        )
    bom.register_dependency(whole, bom.components)
    return JsonV1Dot6(bom).output_as_string(indent=1)
