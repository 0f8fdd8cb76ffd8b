"""Who asks: a name, a role, and the branches that it is confined to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from starlette.requests import Request

from storage.api_keys import Role

__all__ = ["KEPT", "Principal", "Role", "principal_of", "principal_or_none"]

KEPT = "principal"
"""Where the gate leaves the principal in the state of a request."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever a request comes from. `name` is a staff id or a system's name, and what the ledger records as
    `by`; no branches: all of them; `id` tells two keys of one name apart, for rate limits; `until`, in
    seconds since 1970, is when what they showed ends by itself."""

    name: str
    role: Role
    branches: frozenset[str] = frozenset()
    id: str = ""
    until: float | None = None

    def described(self) -> dict[str, Any]:
        """As a session keeps it."""
        return {
            "name": self.name,
            "role": self.role,
            "branches": sorted(self.branches),
            "id": self.id,
            "until": self.until,
        }

    @classmethod
    def of(cls, said: dict[str, Any]) -> Self:
        return cls(said["name"], said["role"], frozenset(said["branches"]), said["id"], said["until"])

    def sees(self, branch: str | None) -> bool:
        """Whether what belongs to a branch, or to none, is theirs to see."""
        return not self.branches or branch in self.branches


def principal_or_none(request: Request) -> Principal | None:
    """Who asks, if that is known: on public pages it need not be."""
    found: Principal | None = getattr(request.state, KEPT, None)
    return found


def principal_of(request: Request) -> Principal:
    """Who asks; the gate has let nobody pass of whom it does not know that."""
    found = principal_or_none(request)
    assert found is not None, "a route that the gate does not guard asked who is there"
    return found
