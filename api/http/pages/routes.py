"""All pages: another page is another module, and another entry here."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.pages import (
    assets,
    behind,
    complaint,
    login,
    now,
    opening,
    ownership,
    rankings,
    satisfaction,
    visits,
)

router = APIRouter(include_in_schema=False)

PAGES = (now, complaint, satisfaction, visits, ownership, rankings, behind, opening, login, assets)

for page in PAGES:
    router.include_router(page.router)
