"""Which roles each route is open to. A route without a row is open to nobody.

`upstream` reports facts and sees its receipts; `ops` work with what happens now; `auditor` reads everything
and changes nothing; `rule_author` sees how the rules work out, and nobody's record; `admin` may do all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from storage.api_keys import ROLES, Role

Roles = frozenset[Role | Literal["everybody"]]


def _roles(*names: Role) -> Roles:
    return frozenset(names)


PUBLIC: Roles = frozenset({"everybody"})
"""Open to whoever asks, known or not: nothing there is about anybody."""

ANY = _roles(*ROLES)
REPORT = _roles("upstream", "admin")
READ = _roles("ops", "auditor", "admin")
FIGURES = _roles("ops", "auditor", "rule_author", "admin")
RULES = _roles("auditor", "rule_author", "admin")
WHAT_IF = _roles("rule_author", "admin")
ACT = _roles("ops", "admin")
AUDIT = _roles("auditor", "admin")
ADMIN = _roles("admin")

TABLE: Mapping[tuple[str, str], Roles] = {
    # facts
    ("POST", "/events"): REPORT,
    # single streams
    ("GET", "/streams/{kind}/{name:path}/history"): READ,
    ("GET", "/streams/{kind}/{name:path}/story"): READ,
    ("GET", "/streams/{kind}/{name:path}"): READ,
    ("GET", "/ownership/{customer:path}"): READ,
    # lists
    ("GET", "/complaints"): READ,
    ("GET", "/sla/breaches"): READ,
    ("GET", "/sla/upcoming"): READ,
    ("GET", "/violations"): FIGURES,
    ("GET", "/kpis"): FIGURES,
    # alerts
    ("GET", "/alerts"): READ,
    ("GET", "/alerts/stream"): READ,
    ("POST", "/alerts/{key:path}/acknowledge"): ACT,
    # figures
    ("GET", "/satisfaction"): FIGURES,
    ("GET", "/satisfaction/answers"): READ,
    ("GET", "/visits/compliance"): FIGURES,
    ("GET", "/visits"): READ,
    ("GET", "/office"): FIGURES,
    ("GET", "/contacts"): FIGURES,
    ("GET", "/rankings"): FIGURES,
    ("GET", "/concentration"): FIGURES,
    ("GET", "/retention"): FIGURES,
    ("GET", "/loyalty"): READ,
    # proofs
    ("GET", "/checkpoint"): READ,
    ("GET", "/proofs/consistency"): READ,
    ("GET", "/proofs/{sequence}"): READ,
    # operations
    ("GET", "/health/live"): PUBLIC,
    ("GET", "/health/ready"): PUBLIC,
    ("GET", "/metrics"): ACT,
    # contracts
    ("GET", "/openapi.json"): PUBLIC,
    ("GET", "/asyncapi.json"): PUBLIC,
    ("GET", "/docs"): PUBLIC,
    # who asks
    ("GET", "/login"): PUBLIC,
    ("POST", "/session"): PUBLIC,
    ("DELETE", "/session"): PUBLIC,
    ("GET", "/me"): ANY,
    # pages
    ("GET", "/"): READ,
    ("GET", "/parts/{name}"): READ,
    ("GET", "/view/complaints"): READ,
    ("GET", "/complaints/{name:path}"): READ,
    ("GET", "/view/proof/{kind}/{name:path}"): READ,
    ("GET", "/view/satisfaction"): READ,
    ("GET", "/view/answers"): READ,
    ("GET", "/view/visits"): READ,
    ("GET", "/view/visits/list"): READ,
    ("GET", "/view/ownership"): READ,
    ("GET", "/view/rankings"): READ,
    ("GET", "/view/violations"): FIGURES,
    ("GET", "/view/breaches"): READ,
    ("GET", "/view/obligations"): READ,
    ("GET", "/view/escalations"): READ,
    ("GET", "/view/kpis"): FIGURES,
    ("GET", "/view/rules"): FIGURES,
    ("GET", "/view/rules/{pack}"): FIGURES,
    ("GET", "/view/what-if"): WHAT_IF,
    ("POST", "/view/what-if"): WHAT_IF,
    ("GET", "/view/what-if/{run}"): WHAT_IF,
    ("GET", "/view/audit"): AUDIT,
    ("POST", "/view/audit/verifications"): AUDIT,
    ("GET", "/open"): READ,
    ("GET", "/static/{name}"): PUBLIC,
}


CONFINED: Mapping[str, bool] = {
    # what is about one stream, which is looked at first
    "/streams/{kind}/{name:path}/history": True,
    "/streams/{kind}/{name:path}/story": True,
    "/streams/{kind}/{name:path}": True,
    "/ownership/{customer:path}": True,
    "/complaints/{name:path}": True,
    "/view/proof/{kind}/{name:path}": True,
    # what asks the read models, which leave out other branches for them
    "/complaints": True,
    "/sla/breaches": True,
    "/sla/upcoming": True,
    "/violations": True,
    "/kpis": True,
    "/alerts": True,
    "/alerts/stream": True,
    "/alerts/{key:path}/acknowledge": True,
    "/satisfaction": True,
    "/satisfaction/answers": True,
    "/visits": True,
    "/visits/compliance": True,
    "/office": True,
    "/contacts": True,
    "/rankings": True,
    "/concentration": True,
    "/retention": True,
    "/loyalty": True,
    "/": True,
    "/parts/{name}": True,
    "/view/complaints": True,
    "/view/satisfaction": True,
    "/view/answers": True,
    "/view/visits": True,
    "/view/visits/list": True,
    "/view/ownership": True,
    "/view/rankings": True,
    "/view/violations": True,
    "/view/breaches": True,
    "/view/obligations": True,
    "/view/escalations": True,
    "/view/rules": True,
    "/view/rules/{pack}": True,
    "/view/kpis": True,
    # what is about nobody
    "/events": True,
    "/me": True,
    "/open": True,
    # what cannot leave out other branches
    "/view/audit": False,
    "/view/audit/verifications": False,
    "/metrics": False,
    "/checkpoint": False,
    "/proofs/consistency": False,
    "/proofs/{sequence}": False,
    "/view/what-if": False,
    "/view/what-if/{run}": False,
}
"""Whether a route serves those too who are confined to branches. One that is not named here does not."""


def opens(role: Role, method: str, path: str) -> bool:
    """Whether a role may use a route, for links and buttons that others are not shown."""
    roles = TABLE.get((method, path), frozenset())
    return roles is PUBLIC or role in roles
