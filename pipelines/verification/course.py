"""States of a list by date (planned, drawn, open, closed), and which list of a claim decides (§3–§6)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from pipelines.errors import Refusal

WINDOW = 15  # days after the draw
_WINDOWS = range(3, 31)
PLANNED, WITHDRAWN, UNDRAWN, OPEN, CLOSED = "planned", "withdrawn", "undrawn", "open", "closed"


@dataclass(frozen=True)
class Course:
    """What the ledger holds of a list. `day` is that of its public number; `window` in days, from `drawn` on."""

    number: int
    day: date
    window: int = WINDOW
    drawn: date | None = None
    withdrawn: bool = False
    closed: bool = False

    @property
    def until(self) -> date | None:
        """The last day of the window; None before the draw."""
        return self.drawn + timedelta(days=self.window) if self.drawn else None

    def state(self, today: date) -> str:
        """The state of the list on a day."""
        if self.withdrawn:
            return WITHDRAWN
        if self.closed:
            return CLOSED
        if self.drawn:
            return OPEN
        return UNDRAWN if today > self.day else PLANNED

    def may_close(self, today: date, without_result: int) -> bool:
        """Whether every planned row has a result, or the window is over; a list is not closed otherwise."""
        return self.until is not None and (without_result == 0 or today > self.until)


def deciding(courses: Iterable[Course], today: date) -> Course | None:
    """The list that decides a claim and month: the first whose number's day has come, drawn or not. Else None."""
    come = [course for course in courses if not course.withdrawn and course.day <= today]
    return min(come, key=lambda course: (course.day, course.number), default=None)


def check_plan(day: date, today: date, window: int) -> None:
    """Refuses a number that may exist already, and a window that is too short or too long."""
    if day <= today:
        raise Refusal(f"号码之日 {day} 不晚于计划之日 {today}；请选一个以后才公布的号码")
    if window not in _WINDOWS:
        raise Refusal(f"检查期 {window} 天不在 {_WINDOWS[0]} 至 {_WINDOWS[-1]} 天之内；请改在此范围内")


def check_draw(course: Course, today: date) -> None:
    """Refuses to draw a withdrawn or drawn list, and any before the day of its number."""
    if course.withdrawn:
        raise Refusal(f"{course.number} 号名单已经撤回，不能抽取；请另作计划")
    if course.drawn:
        raise Refusal(f"{course.number} 号名单已于 {course.drawn} 抽取，不能再抽；结果请交到这一份名单")
    if today < course.day:
        raise Refusal(f"{course.number} 号名单的号码要到 {course.day} 才公布；请到那一天再抽取")


def check_withdrawal(course: Course, today: date, why: str) -> None:
    """Refuses to withdraw a list from the day of its number on, and without a reason."""
    if course.withdrawn:
        raise Refusal(f"{course.number} 号名单已经撤回")
    if today >= course.day:
        raise Refusal(f"{course.number} 号名单的号码之日 {course.day} 已到，不能撤回；请抽取并检查")
    if not why.strip():
        raise Refusal(f"撤回 {course.number} 号名单须写明理由；请用 --why 写明")
