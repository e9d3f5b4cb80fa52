"""``python -m kheadless_tui``."""

import sys

from kheadless_tui.cli import main

sys.exit(main())
