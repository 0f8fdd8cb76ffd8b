"""How time is counted: periods by the PRC Civil Code (art. 200-204), working days, hours, pauses."""

from domain.working_time.calendars import CN, Calendar, with_schedule
from domain.working_time.deadlines import Deadline, deadline, end_of_date, until
from domain.working_time.periods import Period, PeriodError, parse_period
from domain.working_time.reading import calendar
from domain.working_time.segments import Segment
from domain.working_time.spans import elapsed
from domain.working_time.windows import Window, WindowKind, local_day, window, window_named

__all__ = [
    "CN",
    "Calendar",
    "Deadline",
    "Period",
    "PeriodError",
    "Segment",
    "Window",
    "WindowKind",
    "calendar",
    "deadline",
    "elapsed",
    "end_of_date",
    "local_day",
    "parse_period",
    "until",
    "window",
    "window_named",
    "with_schedule",
]
