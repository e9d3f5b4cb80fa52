"""Builds kubectls of several releases from their published Go modules, for the tests that drive the lab with them.

They are put beside each other as ``kubectl-1.27`` and so on, in ``$KHEADLESS_KUBECTLS`` or
``~/.cache/kheadless-tui/kubectl``; one that is there is left alone. Needs Go and the module proxy.

    python scripts/build_kubectl.py [1.27 1.33 ...]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

MODULES = {
    "1.27": "v0.27.16",
    "1.28": "v0.28.15",
    "1.29": "v0.29.15",
    "1.30": "v0.30.14",
    "1.31": "v0.31.14",
    "1.33": "v0.33.4",
}
"""Release to the version of k8s.io/kubectl that it is made from."""
DEFAULT = ("1.27", "1.33")
"""The oldest and the newest that the lab is held against."""
BUILD_SECONDS = 1200

_MAIN = """package main

import (
	"os"

	_ "k8s.io/client-go/plugin/pkg/client/auth"
	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
)

func main() {
	os.Exit(cli.Run(cmd.NewDefaultKubectlCommand()))
}
"""


def folder() -> Path:
    """Where the programs are put."""
    given = os.environ.get("KHEADLESS_KUBECTLS")
    return Path(given) if given else Path.home() / ".cache" / "kheadless-tui" / "kubectl"


def build(release: str, target: Path) -> None:
    """Compile one; low in priority, two packages at a time."""
    module = MODULES[release]
    minor = release.partition(".")[2]
    stamp = " ".join(
        f"-X k8s.io/component-base/version.{name}={value}"
        for name, value in {
            "gitVersion": f"v1{module.removeprefix('v0')}",
            "gitMajor": "1",
            "gitMinor": minor,
        }.items()
    )
    with tempfile.TemporaryDirectory(prefix="kubectl-build-") as work:
        (Path(work) / "main.go").write_text(_MAIN)
        for argv in (
            ["go", "mod", "init", "kubectl"],
            ["go", "get", f"k8s.io/kubectl@{module}"],
            ["go", "mod", "tidy"],
            ["nice", "-n", "15", "go", "build", "-p", "2", "-trimpath", "-ldflags", f"-s -w {stamp}", "-o", "out", "."],
        ):
            subprocess.run(argv, cwd=work, check=True, timeout=BUILD_SECONDS, stdout=sys.stderr)
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_suffix(".part")
        part.write_bytes((Path(work) / "out").read_bytes())
        part.chmod(0o755)
        part.rename(target)


def main(releases: list[str]) -> int:
    """Build what is asked for and not there."""
    for release in releases or DEFAULT:
        if release not in MODULES:
            print(f"no module is known for {release}; there are {', '.join(MODULES)}", file=sys.stderr)
            return 2
        target = folder() / f"kubectl-{release}"
        if not target.exists():
            build(release, target)
        print(target)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
