"""All pages: another page is another module, and another entry here."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.pages import (
    assets,
    audit,
    behind,
    complaint,
    login,
    now,
    opening,
    ownership,
    proof,
    rankings,
    rules,
    satisfaction,
    search,
    visits,
    what_if,
)

router = APIRouter(include_in_schema=False)

PAGES = (
    now,
    search,
    complaint,
    proof,
    satisfaction,
    visits,
    ownership,
    rankings,
    rules,
    what_if,
    audit,
    behind,
    opening,
    login,
    assets,
)

for page in PAGES:
    router.include_router(page.router)
