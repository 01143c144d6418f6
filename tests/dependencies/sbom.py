"""Prints a software bill of materials of the locked runtime requirements: CycloneDX 1.6, as JSON.

    python3 dev.py sbom > sbom.json

The same lock gives the same bytes: the document has no time, and its serial number is made of its content. The hashes
of a package are those of its files (wheels and source), of which an installation uses one.

Source: cyclonedx.org, "CycloneDX v1.6 JSON Reference"; github.com/package-url/purl-spec, type `pypi`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.dependencies.locks import ROOT, RUNTIME, Locked, UnreadableLock, read_lock

ALGORITHMS = {"sha256": "SHA-256", "sha384": "SHA-384", "sha512": "SHA-512"}
"""How a lock and CycloneDX name an algorithm."""

NAMESPACE = uuid.UUID("6ba7b811-9dad-11d1-80b4-00c04fd430c8")  # for names that are URLs (RFC 4122, appendix C)


def bill_of_materials(packages: Sequence[Locked], name: str, version: str, licence: str) -> dict[str, Any]:
    """Return the document for a project with these packages."""
    own = _reference(name, version)
    project = {
        "type": "application",
        "bom-ref": own,
        "name": name,
        "version": version,
        "licenses": [{"license": {"id": licence}}],
        "purl": own,
    }
    whole = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": project},
        "components": [_component(each) for each in packages],
        "dependencies": _dependencies(packages, own),
    }
    serial = uuid.uuid5(NAMESPACE, json.dumps(whole, sort_keys=True))
    return {"serialNumber": f"urn:uuid:{serial}", **whole}


def _reference(name: str, version: str) -> str:
    return f"pkg:pypi/{name}@{version}"


def _component(package: Locked) -> dict[str, Any]:
    found: dict[str, Any] = {
        "type": "library",
        "bom-ref": _reference(package.name, package.version),
        "name": package.name,
        "version": package.version,
        "scope": "optional" if package.marker else "required",
        "hashes": [{"alg": ALGORITHMS[algorithm], "content": digest} for algorithm, digest in package.hashes],
        "purl": _reference(package.name, package.version),
    }
    if package.marker:
        found["properties"] = [{"name": "ticketrelay:environment-marker", "value": package.marker}]
    return found


def _dependencies(packages: Sequence[Locked], project: str) -> list[dict[str, Any]]:
    references = {each.name: _reference(each.name, each.version) for each in packages} | {"": project}
    needs: dict[str, set[str]] = {each: set() for each in references.values()}
    for package in packages:
        for name in package.needed_by:
            needs[references[name]].add(references[package.name])
    return [{"ref": each, "dependsOn": sorted(needs[each])} for each in sorted(needs)]


def of_this_project(lock: Path = RUNTIME) -> dict[str, Any]:
    """Return the document of this checkout. Raises UnreadableLock, and OSError if a file is missing."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return bill_of_materials(read_lock(lock.read_text()), project["name"], project["version"], project["license"])


def main(arguments: Sequence[str]) -> int:
    argparse.ArgumentParser(prog="dev.py sbom", description=__doc__).parse_args(arguments)
    try:
        document = of_this_project()
    except (UnreadableLock, OSError) as error:
        print(f"dev.py sbom: {error}", file=sys.stderr)
        return 1
    print(json.dumps(document, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
