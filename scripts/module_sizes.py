"""Fail when a module has outgrown one idea: App under 300 lines, every other module under 400 (CONTRIBUTING.md)."""

from __future__ import annotations

import sys
from pathlib import Path

LIMIT = 400
"""Lines of a module."""
LIMITS = {"kheadless_tui/tui/app.py": 300}
"""Narrower limits of single modules."""


def main() -> int:
    """Print the offenders; exit status 1 when there are any."""
    root = Path(__file__).resolve().parent.parent
    offenders = []
    for path in sorted((root / "kheadless_tui").rglob("*.py")):
        name = path.relative_to(root).as_posix()
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LIMITS.get(name, LIMIT):
            offenders.append(f"{name}: {lines} lines, more than {LIMITS.get(name, LIMIT)}")
    print("\n".join(offenders) or "module sizes: all within their limits")
    return 1 if offenders else 0


if __name__ == "__main__":
    sys.exit(main())
