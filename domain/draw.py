"""Drawing at random so that anyone can draw again and get the same (000 4; 001-3 (五)3(12)).

The candidates are ordered by the SHA-256 of `seed:candidate`; the first ones are drawn. With the seed and
the candidates on record, `printf '%s' '42:S-1' | sha256sum` for each is all it takes to check a draw.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256


def draw(candidates: Iterable[str], n: int, seed: int) -> tuple[str, ...]:
    """The `n` drawn (all of them where there are fewer); the order the candidates come in is no matter."""
    return tuple(candidate for _, candidate in lots(candidates, seed)[:n])


def lots(candidates: Iterable[str], seed: int) -> list[tuple[str, str]]:
    """Each candidate with the lot it drew, the first drawn first."""
    return sorted((_lot(seed, candidate), candidate) for candidate in set(candidates))


def _lot(seed: int, candidate: str) -> str:
    return sha256(f"{seed}:{candidate}".encode()).hexdigest()


def seed_of(*names: str) -> int:
    """A seed that nobody chose: from what the draw is called for, below 2**53 so that every JSON reader
    keeps it exactly."""
    return int.from_bytes(sha256("\n".join(names).encode()).digest()[:8]) >> 11
