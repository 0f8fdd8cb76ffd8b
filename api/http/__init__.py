"""The HTTP door: facts in, and everything that is known of them out (contract §7)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastapi import FastAPI

    from streams.config import Settings


def create_app(settings: Settings) -> FastAPI:
    """The application of one installation; making it connects to nothing."""
    from api.http.app import create_app as create

    return create(settings)
