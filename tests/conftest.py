"""What all tests share: the root of the tree, and fixed seeds for the generated ones."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None, print_blob=True, max_examples=50)
settings.register_profile("thorough", deadline=None, print_blob=True, max_examples=2_000)
settings.load_profile("steady")
"""The same examples each time; for others, and many of them: `pytest --hypothesis-profile=thorough`."""


@pytest.fixture(scope="session")
def root() -> Path:
    return Path(__file__).resolve().parent.parent


def pytest_xdist_auto_num_workers() -> int:
    """Half as many again as there are cores: what starts a role, a broker or a browser mostly waits."""
    return (os.cpu_count() or 1) * 3 // 2
