"""Installs a version into the environment of asv: it points to the folders that version.txt names."""

import sysconfig
from pathlib import Path

folders = Path("version.txt").read_text(encoding="utf-8").splitlines()
lines = [f"import site; site.addsitedir({folder!r})\n" for folder in folders]
Path(sysconfig.get_path("purelib"), "version.pth").write_text("".join(lines), encoding="utf-8")
