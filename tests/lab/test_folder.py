"""What a lab leaves on the disk, and what becomes of it when its process was killed."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
from pathlib import Path

import pytest

from kheadless_tui.lab.door import folder
from kheadless_tui.lab.lab import Lab

NOBODY = "999999999"
"""No process has this number."""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


def left(temporary: Path, name: str, owner: str | None) -> Path:
    path = temporary / f"{folder.PREFIX}{name}"
    path.mkdir(mode=0o700)
    (path / "admin.kubeconfig").write_text("{}")
    if owner is not None:
        (path / folder.OWNER).write_text(owner)
    return path


def test_a_folder_is_private_and_names_its_process(temporary: Path) -> None:
    made = folder.create()
    assert stat.S_IMODE(made.stat().st_mode) == 0o700
    assert (made / folder.OWNER).read_text().split()[0] == str(os.getpid())
    assert stat.S_IMODE((made / folder.OWNER).stat().st_mode) == 0o600


def test_what_dead_processes_left_goes_and_what_lives_stays(temporary: Path) -> None:
    mine = folder.create()
    dead = left(temporary, "dead", f"{NOBODY} 1\n")
    reused = left(temporary, "reused", f"{os.getpid()} 1\n")
    fresh = left(temporary, "fresh", None)
    old = left(temporary, "old", None)
    os.utime(old, (0, 0))
    garbled = left(temporary, "garbled", "not a number\n")
    other = temporary / "somebody-elses"
    other.mkdir()
    folder.remove_left_over()
    assert {path for path in (mine, dead, reused, fresh, old, garbled, other) if path.exists()} == {
        mine, fresh, garbled, other
    }  # fmt: skip


def test_a_link_is_not_followed(temporary: Path) -> None:
    precious = temporary / "precious"
    precious.mkdir()
    (precious / folder.OWNER).write_text(f"{NOBODY} 1\n")
    (temporary / f"{folder.PREFIX}link").symlink_to(precious)
    folder.remove_left_over()
    assert (precious / folder.OWNER).exists()


SCRIPT = """
import asyncio
from kheadless_tui.lab.lab import Lab

async def main():
    async with Lab.start(world="empty") as lab:
        print(lab.kubeconfig, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def exists(path: str) -> bool:
    return Path(path).exists()


def names(path: Path) -> list[str]:
    return [item.name for item in path.iterdir()]


async def test_a_killed_lab_is_swept_up_by_the_next(temporary: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(temporary)}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SCRIPT, stdout=asyncio.subprocess.PIPE, env=environment
    )
    assert process.stdout is not None
    path = (await process.stdout.readline()).decode().strip()
    process.send_signal(signal.SIGKILL)
    await process.wait()
    assert exists(path)
    async with Lab.start(world="empty") as lab:
        assert not exists(os.path.dirname(path))
        assert exists(lab.kubeconfig)
    assert names(temporary) == []
