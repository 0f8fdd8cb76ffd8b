"""What a person reads, in English and Simplified Chinese; which of the two, the environment says."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Language = Literal["en", "zh"]
VARIABLES = ("HUIYIN_LANG", "LC_ALL", "LC_MESSAGES", "LANG")


class Text(NamedTuple):
    """One text in both languages of the product."""

    en: str
    zh: str

    def within(self, language: Language, **values: object) -> str:
        """The text in a language, its {names} filled in."""
        text = self.zh if language == "zh" else self.en
        return text.format(**values) if values else text


def language(environ: Mapping[str, str]) -> Language:
    """The first variable that is set decides, as POSIX has it for messages; Chinese only where it says so."""
    said = next((value for name in VARIABLES if (value := environ.get(name))), "")
    return "zh" if said.lower().startswith("zh") else "en"
