"""The live part of the README's tour, word for word, by the API and the policy of `up --sample`."""

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from streams.local import Database, free_ports
from tests.helpers.documents import ROOT, blocks, environment, matches, trimmed
from tests.helpers.site import Site, new_key, serving

PORT = "8080"
POLICY = ("auto-4s@QC-4S", "tobacco-xuzhou@XZ-TS")
TRIED = ("curl ", "huiyin history ", "python ")
"""Of the live commands those that end by themselves; the others are tried as processes by their own tests."""


@pytest.fixture(params=["README.md", "README.zh-CN.md"])
def readme(request: pytest.FixtureRequest) -> Path:
    return ROOT / str(request.param)


@pytest.fixture
def site(server: Database, readme: Path) -> Iterator[Site]:
    name = f"tour_{readme.stem.lower().replace('.', '_').replace('-', '_')}"
    with serving(server.create(name), *free_ports(1), policy=POLICY) as running:
        yield running
    server.drop(name)


def world(site: Site, readme: Path) -> Mapping[str, str]:
    return {
        **environment(readme),
        "HUIYIN_API_KEY": new_key(site.settings.database_url, "upstream"),
        "HUIYIN_DATABASE_URL": site.settings.database_url,
        "HUIYIN_POLICY": ",".join(POLICY),
        "HUIYIN_DATA": os.devnull,
    }


def test_the_live_tour_answers_as_it_is_written(site: Site, readme: Path) -> None:
    live = [step for block in blocks(readme) if block.live for step in block.steps()]
    tried = [(command, said) for command, said in live if command.startswith(TRIED)]
    assert len(tried) == 5
    env = world(site, readme)
    for command, said in tried:
        done = subprocess.run(
            ["bash", "-c", command.replace(PORT, site.url.rpartition(":")[2])],
            cwd=ROOT,
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        seen = trimmed(done.stdout)
        assert matches(said, seen), f"$ {command}\n--- said\n{said}\n--- seen\n{seen}"
