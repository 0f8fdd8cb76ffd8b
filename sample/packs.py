"""The sample's packs: the shipped ones, the car dealer's limited to its branch.

A tobacco branch, a car dealer and a bank's consumers live in one ledger here; whose complaint it is
says which standard counts.
"""

from __future__ import annotations

from pathlib import Path

from domain.policy import SHIPPED

NAMES = ("auto-4s", "tobacco-xuzhou")
BRANCHES = {"auto-4s": ["QC-4S"], "tobacco-xuzhou": ["XZ-TS"]}


def write(directory: Path) -> Path:
    """Writes the packs with their branches to a folder, for HUIYIN_POLICY_DIR; returns the folder."""
    directory.mkdir(parents=True, exist_ok=True)
    for name, branches in BRANCHES.items():
        shipped = (SHIPPED / f"{name}.toml").read_text("utf-8")
        named = ", ".join(f'"{branch}"' for branch in branches)
        limited = shipped.replace("[pack]\n", f"[pack]\nbranches = [{named}]\n", 1)
        (directory / f"{name}.toml").write_text(limited, "utf-8")
    return directory
