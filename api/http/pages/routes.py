"""All pages: another page is another module, and another entry here."""

from __future__ import annotations

from fastapi import APIRouter

from api.http.pages import assets, complaint, login, now, opening

router = APIRouter(include_in_schema=False)

for each in (now.router, complaint.router, opening.router, login.router, assets.router):
    router.include_router(each)
