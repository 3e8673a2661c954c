"""Who is on call: pure functions over small frozen structures, exact to the second in every zone.

It knows nothing of policies, of files or of the present: a schedule comes in with its calendars' holidays written out
and its zones as `tzinfo`, instants come in aware, and shifts go out in UTC.

How the answer is found, for one instant:

1. A **gap** that holds decides: nobody, or whoever is on call by the schedule it falls to.
2. Else the **layers** are asked in order; one whose calendar is shut is passed over. In a layer, it is somebody's
   **turn** (`rotation` says whose, and what daylight saving does to it).
3. A **swap** for that turn puts another in; they agreed to be there, so their own absences are not asked.
4. Whoever has the turn and is **absent** (away, or outside the hours they work) is passed over: the turn stays theirs,
   nobody else's moves, and the next layer is asked. Where no layer is left, it is a **hole**.

`on_call` answers from this definition alone; `shifts` works a whole stretch of time out at once, and agrees with it.
"""

from watchbill.oncall.calendar import Calendar
from watchbill.oncall.coverage import holes
from watchbill.oncall.duty import Absence, Duty, Kind, on_call
from watchbill.oncall.fairness import Load, fairness
from watchbill.oncall.rotation import Era, Rotation, Turn
from watchbill.oncall.schedule import Gap, Layer, Person, Schedule, Swap
from watchbill.oncall.shifts import Shift, next_handoff, shifts

__all__ = [
    "Absence",
    "Calendar",
    "Duty",
    "Era",
    "Gap",
    "Kind",
    "Layer",
    "Load",
    "Person",
    "Rotation",
    "Schedule",
    "Shift",
    "Swap",
    "Turn",
    "fairness",
    "holes",
    "next_handoff",
    "on_call",
    "shifts",
]
