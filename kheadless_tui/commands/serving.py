"""How the zone is served, as far as the user or the files say so."""

from __future__ import annotations

import argparse
from pathlib import Path

from kheadless_tui.errors import InputError, UsageError
from kheadless_tui.model.objects import ConfigMap, ObjectKey
from kheadless_tui.model.snapshot import Snapshot
from kheadless_tui.zone.naming.names import absolute, fault
from kheadless_tui.zone.serving.config import ZoneConfig

COREDNS_CONFIG = ObjectKey("kube-system", "coredns")
"""Where kubeadm and most distributions keep the Corefile."""


def given_config(arguments: argparse.Namespace) -> ZoneConfig | None:
    """What ``--corefile`` says; ``None`` without it.

    Raises:
        UsageError: ``--zone`` is no domain name.
        InputError: the file cannot be read or understood.
    """
    flaw = fault(absolute(arguments.zone)) if arguments.zone else ""
    if flaw:
        raise UsageError(f"--zone {arguments.zone!r} is no domain name: {flaw}")
    if not arguments.corefile:
        return None
    from kheadless_tui.zone.serving import corefile, other_plugins, plugin_chain  # noqa: PLC0415 - often not needed

    path = arguments.corefile
    read = corefile.parse(read_text(path), path, other_plugins.DIRECTIVES)
    return plugin_chain.zone_config(read, path, strict=True)


def read_text(path: str) -> str:
    """The text of a file that the user named.

    Raises:
        InputError: it cannot be read, or is no text.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", where=path) from error
    except UnicodeDecodeError as error:
        raise InputError(f"is not text (byte {error.start} is not UTF-8)", where=path) from error


def config_of_files(arguments: argparse.Namespace, snapshot: Snapshot) -> ZoneConfig:
    """By ``--corefile``, else by the ConfigMap kube-system/coredns among the files, else by CoreDNS's defaults."""
    from kheadless_tui.zone.serving.running import running_config  # noqa: PLC0415 - not needed with --corefile

    config = given_config(arguments)
    if config is None:
        found = snapshot.objects.get(("ConfigMap", COREDNS_CONFIG))
        text = (found.data or {}).get("Corefile") if isinstance(found, ConfigMap) else None
        config = running_config(text, f"ConfigMap {COREDNS_CONFIG}") if text is not None else ZoneConfig()
    return config.renamed(arguments.zone or "")
