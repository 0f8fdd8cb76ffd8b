"""What the pages say, in English and Simplified Chinese: one module of rows for each part."""

from __future__ import annotations

from api.http.pages.texts import audit, figures, now, ownership, rules, search, shell, story
from api.http.pages.texts.rows import read

PARTS = (shell.ROWS, now.ROWS, story.ROWS, search.ROWS, figures.ROWS, ownership.ROWS, rules.ROWS, audit.ROWS)
"""Another page's texts are another module, and another entry here; a name stands once among all."""

TEXTS = read(*PARTS)

SCRIPTED = (
    *("live", "connecting", "failed", "acknowledged", "overdue_by", "left", "ago", "arrived"),
    *("theme_system", "theme_light", "theme_dark", "login_failed", "days", "hours", "minutes", "seconds"),
)
"""The texts that scripts say themselves."""
