"""What must be found by an installed copy: both entry points, every style sheet, every world of the lab."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import kheadless_tui
from kheadless_tui.lab.worlds import world
from kheadless_tui.tui import assets


def main() -> int:
    """Exit status 1 and one line for each thing that is missing."""
    package = Path(kheadless_tui.__file__).parent
    if (package.parent / "pyproject.toml").exists():
        print(f"this is a checkout, not an installed copy: {package}")
        return 1
    missing = []
    for name in ("kheadless-tui", "kubectl-headless"):
        program = Path(sys.executable).with_name(name)
        shown = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
        if shown.returncode or kheadless_tui.__version__ not in shown.stdout:
            missing.append(f"{name} --version: exit status {shown.returncode}, {shown.stdout!r} {shown.stderr!r}")
    if not assets.style_sheets():
        missing.append("no style sheets")
    for part in world.WORLDS["demo"]:
        try:
            world.read_part(part.file)
        except OSError as error:
            missing.append(f"world of the lab: {error}")
    print("\n".join(missing) or f"installed copy complete: {len(assets.style_sheets())} style sheets")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
