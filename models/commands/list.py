"""`python -m models list`."""

import argparse

from models.commands.arguments import add_json, add_place
from models.commands.output import place_of, pointer_document, show
from models.progress import in_units
from models.publishing.comparison import figures

SUMMARY = "list the models and versions of a repository"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The repository."""
    add_place(parser)
    add_json(parser)


def run(options: argparse.Namespace) -> None:
    """Print a line for each version; `*` marks the current one. Raises PublishingError if a document is damaged."""
    published = place_of(options).models
    document: dict[str, object] = {}
    lines: list[str] = []
    for model in published.names():
        file, manifests = published.find_pointer_file(model), published.manifests(model)
        versions = {version: figures(manifest)._asdict() for version, manifest in manifests.items()}
        document[model] = {"versions": versions} | (pointer_document(file) if file else {})
        for version, manifest in manifests.items():
            mark = "*" if file and file.pointer.version == version else " "
            labels = [label for label, named in (file.pointer.labels if file else {}).items() if named == version]
            engines = ", ".join(f"{a.engine} for {' '.join(a.signatures)}" for a in manifest.artifacts)
            size = in_units(sum(entry.size for entry in manifest.files))
            note = f"   {' '.join(labels)}" if labels else ""
            lines.append(f"{mark} {model.ljust(16)} {version:>4}   {size.rjust(7)}   {engines}{note}")
    show(options, document, lines or [f"{published.objects.address} holds no model"])
