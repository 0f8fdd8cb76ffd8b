"""The page that asks a person what they read something for, before it is shown."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from api.http.language import language_of
from api.http.pages.templates import render
from api.i18n import Text

TITLE = Text("What do you read this for?", "您为何查阅？")
DETAIL = Text(
    "This is a customer's file or a classified document. Who reads it, and what for, is recorded in its "
    "history.",
    "这是客户档案或涉密文件。何人为何查阅将记入其历史。",
)
LABEL = Text("Purpose", "用途")
GO = Text("Read", "查阅")


def asking(request: Request) -> Response:
    """A form that leads to the same address with the purpose."""
    language = language_of(request)
    kept = [(name, value) for name, value in request.query_params.multi_items() if name != "purpose"]
    texts = {"title": TITLE, "detail": DETAIL, "label": LABEL, "go": GO}
    said = {name: text.within(language) for name, text in texts.items()}
    return render(request, "purpose.html", 403, kept=kept, **said)
