"""A busy day, drawn by lot: alerts come and go, remedies run and are asked for, and now and then something breaks for a while.

Hypothesis finds short stories; a long one gets to where limits, cooldowns, breakers and flapping are. The seed tells the day.
"""

import random

from executor.world import ALERTS, MINUTE, World
from watchbill.executor.core import events

_SCOPES = ("all", "team:web", "remediation:restart")
_REMEDIES = ("restart", "restart", "scale", "feature", "isolate", "unheard-of")


class Day:
    def __init__(self, seed: int) -> None:
        self.rolled = random.Random(seed)
        limits = {"storm": {"incidents": self.rolled.choice([4, 50]), "within": "5m", "hold": "10m"}}
        if self.rolled.random() < 0.5:
            limits |= {"per_target": 2, "per_team": 4, "overall": self.rolled.choice([5, 50])}
        self.world = World(mode=self.rolled.choice(["auto", "auto", "approve"]), limits=limits)
        self.favourites = self.rolled.sample(range(len(ALERTS)), 6)
        self.broken: list[events.Events] = []

    def play(self, moves: int) -> World:
        kinds = {
            self.fire: 6,
            self.flap: 2,
            self.run: 8,
            self.request: 4,
            self.people: 2,
            self.jump: 2,
            self.mix: 2,
            self.break_: 1,
            self.mend: 2,
            self.adopt: 1,
        }
        for move in self.rolled.choices([*kinds], [*kinds.values()], k=moves):
            move()
        return self.world

    def number(self) -> int:
        return self.rolled.choice(self.favourites if self.rolled.random() < 0.7 else range(len(ALERTS)))

    def fire(self) -> None:
        number = self.number()
        self.world.fire(number)
        self.world.tell([number])
        self.world.arrive(-1, again=self.rolled.random() < 0.2)

    def flap(self) -> None:
        """It ends, and is back a minute later."""
        active = [number for number in range(len(ALERTS)) if self.world.active(number)]
        if active:
            number = self.rolled.choice(active)
            self.world.over(number) if not self.world.truth[number].silenced else self.world.clear(number)
            self.world.pass_(MINUTE)
            if self.rolled.random() < 0.7:
                self.world.fire(number)
                self.world.tell([number])
                self.world.arrive(-1)

    def run(self) -> None:
        self.world.routine(self.rolled.choice([2, 5, 10]), self.rolled.randrange(240))

    def request(self) -> None:
        incident = self.world.incident(self.rolled.randrange(99))
        known = self.world.state.find(incident)
        if known is not None and known.open:
            remedy = self.rolled.choice(_REMEDIES)
            self.world.take(events.RemedyRequested(incident=incident, person="bo", remediation=remedy))

    def people(self) -> None:
        self.world.person(*(self.rolled.randrange(240) for _ in range(3)))

    def jump(self) -> None:
        self.world.pass_(self.rolled.choice([1, 5, 11, 16, -2, 60]) * MINUTE)

    def mix(self) -> None:
        """Deliveries out of order, cut short, of another beginning; deadlines once more, and too early; a silence."""
        numbers = [self.number() for _ in range(3)]
        self.world.tell(
            numbers, shift=self.rolled.choice([0, -MINUTE, MINUTE]), truncated=self.rolled.choice([0, 0, 3])
        )
        self.world.arrive(self.rolled.randrange(99), again=self.rolled.random() < 0.3)
        self.world.due_again(self.rolled.randrange(99))
        self.world.due_early(self.rolled.randrange(99))
        self.world.truth[numbers[0]].silenced ^= self.rolled.random() < 0.3

    def adopt(self) -> None:
        """While incidents are open, too."""
        self.world.adopt(changed=self.rolled.random() < 0.5)

    def break_(self) -> None:
        scope, part = self.rolled.choice(_SCOPES), "watchdog"
        choice = self.rolled.randrange(5)
        if choice == 0:
            self.world.take(events.Switched(on=True, person="ana", scope=scope))
            self.broken.append(events.Switched(on=False, person="ana", scope=scope))
        elif choice == 1:
            self.world.take(events.ModeSet(mode=self.rolled.choice(["observe", "approve"]), person="ana"))
            self.broken.append(events.ModeSet(mode=None, person="ana"))
        elif choice == 2:
            self.world.take(events.MonitoringReported(part=part, healthy=False))
            self.broken.append(events.MonitoringReported(part=part, healthy=True))
        elif choice == 3:
            self.world.prometheus = self.rolled.choice(["down", "empty"])
        else:
            self.world.healthy = 1

    def mend(self) -> None:
        """All that was broken; and sometimes somebody closes the breakers."""
        for event in self.broken:
            self.world.take(event)
        self.broken.clear()
        self.world.prometheus, self.world.healthy = "fine", 3
        if self.rolled.random() < 0.3:
            for name in ("restart", "scale", "feature", "isolate", "overall"):
                self.world.take(events.BreakerClosed(breaker=name, person="ana"))
