"""The whole story of a stream over HTTP, in one answer."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from pydantic import Field
from starlette.responses import Response

from api.http import params
from api.http.access.branches import visible
from api.http.access.principal import principal_of
from api.http.answers import json_answer
from api.http.params import Instant
from api.http.problems import documented
from api.http.services import services_of
from api.http.streams import PROTECTED, Kind, Name
from api.http.told import told_of
from api.story import Asked, Story, story

router = APIRouter(prefix="/streams", tags=["streams"])


class StoryQuery(params.Query):
    """Which story is wanted."""

    as_of: Instant | None = Field(default=None, description="Things as they were then | 截至该时已发生的")
    known_at: Instant | None = Field(default=None, description="What was known then | 截至该时已获知的")
    purpose: params.Name | None = Field(
        default=None, description="What it is read for; recorded where that is needed | 查阅用途，必要时记录"
    )


@router.get(
    "/{kind}/{name:path}/story",
    operation_id="story",
    summary="The whole story of a stream | 事件流的全貌",
    description="Events and what they came to: state, obligations with their counted and paused stretches, "
    "escalations, violations; who was alerted when and who took it on; who read it; and, by reference, what "
    "happened around it. All of it as of one instant, as known at another. Personal fields are hidden. "
    "| 事件及其结果：状态、义务（含计入与暂停的各段）、升级、违规；告警与接手经过；查阅记录；"
    "相关事项（引用）。均可按截至时间与获知时间查看，隐去个人信息。",
    response_model=Story,
    responses=documented("bad-parameter", *PROTECTED, "unknown-stream"),
)
def stream_story(request: Request, kind: Kind, name: Name, asked: Annotated[StoryQuery, Query()]) -> Response:
    services = services_of(request)
    events, parts = told_of(request, kind, name).events, services.parts
    wanted = Asked(services.now(), asked.as_of, asked.known_at)
    told = story(parts.storage, parts.policy, events, wanted)
    near = visible(services, principal_of(request), {one["subject"] for one in told["around"]})
    return json_answer({**told, "around": [one for one in told["around"] if one["subject"] in near]})
