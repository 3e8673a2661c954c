"""What the executor promises, as laws over everything that ever happened. To be read by whoever has to trust it.

A story is the log: each event with the time at which it was taken in, the step that was made of it, and the state after it.
No law asks the executor's own ledger, gates or clocks: each counts for itself, from the effects and decisions alone, in the
order of the log. A law yields a sentence for each time it was broken.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from watchbill.executor import core
from watchbill.executor.core import decisions as said
from watchbill.executor.core import effects as outside
from watchbill.executor.core import events as came
from watchbill.executor.core.state import State, Step
from watchbill.executor.plan import Plan, milliseconds

HOUR = 3_600_000
Broken = Iterator[str]


class Entry(NamedTuple):
    number: int
    event: came.Events
    now: int
    step: Step

    def decided(self, kind):
        return [one for one in self.step.decisions if isinstance(one, kind)]

    def effects(self, kind):
        return [one for one in self.step.effects if isinstance(one.body, kind)]

    @property
    def acts(self):
        """Actions that are begun for their own sake, not to take another back."""
        return [one for one in self.effects(outside.Act) if one.body.undo is None]


class Story(NamedTuple):
    start: State
    plan: Plan
    entries: list[Entry]

    def remediation(self, act):
        return self.plan.document.remediations[act.body.remediation]

    def team_of(self, incident, before):
        """The team of an incident, as it was classified last."""
        found = None
        for entry in self.entries[: before + 1]:
            found = next((one.team for one in entry.decided(said.Classified) if one.incident == incident), found)
        return found


# Bounds


def runs_within_an_hour_never_exceed_any_limit(story: Story) -> Broken:
    """Per target and remediation; per team and remediation; per target, per team and overall."""
    began = defaultdict(list)
    limits = story.plan.document.limits
    for entry in story.entries:
        for act in entry.acts:
            most = story.remediation(act).guardrails.max_per_hour
            team = story.team_of(act.body.incident, entry.number)
            for scope, limit in (
                ((act.body.remediation, act.body.target), most),
                ((act.body.remediation, "team", team), most),
                (("target", act.body.target), limits.per_target),
                (("team", team), limits.per_team),
                ((), limits.overall),
            ):
                within = [at for at in began[scope] if at > entry.now - HOUR]
                if len(within) >= limit:
                    yield f"{act.key}: run {len(within) + 1} of {limit} an hour in {scope}"
                began[scope].append(entry.now)


def between_two_runs_on_a_target_lies_the_cooldown(story: Story) -> Broken:
    """From when one began, and from when it ended."""
    touched = defaultdict(list)
    where = {}
    for entry in story.entries:
        for act in entry.acts:
            key = (act.body.remediation, act.body.target)
            wait = milliseconds(story.remediation(act).guardrails.cooldown)
            if any(entry.now - at < wait for at in touched[key]):
                yield f"{act.key}: within the cooldown of {key}"
            touched[key].append(entry.now)
            where[act.key] = key
        for ran in entry.decided(said.Ran):
            if ran.run in where and ran.outcome != "not-started":
                touched[where[ran.run]].append(entry.now)


def a_target_is_touched_by_one_run_at_a_time(story: Story) -> Broken:
    """Until that run has ended; one of which nobody knows how it ended holds its target while the incident is open."""
    held, over, unknown = {}, set(), set()
    for entry in story.entries:
        for moved in entry.decided(said.Moved):
            (over.add if moved.after == "resolved" else over.discard)(moved.incident)
        for ran in entry.decided(said.Ran):
            (unknown.add if ran.outcome == "unknown" else unknown.discard)(ran.run)
            if ran.outcome != "unknown":
                held = {target: run for target, run in held.items() if run[0] != ran.run}
        held = {target: run for target, run in held.items() if run[1] not in over or run[0] not in unknown}
        for act in entry.acts:
            if act.body.target in held:
                yield f"{act.key}: {held[act.body.target][0]} is at work on {act.body.target}"
            held[act.body.target] = (act.key, act.body.incident)


def no_more_targets_are_touched_at_once_than_the_policy_says(story: Story) -> Broken:
    for entry in story.entries:
        together = defaultdict(set)
        for act in entry.acts:
            together[act.body.incident, act.body.remediation].add(act.body.target)
            most = story.remediation(act).guardrails.max_targets
            if len(together[act.body.incident, act.body.remediation]) > most:
                yield f"{act.key}: more than {most} targets"


def a_breaker_that_is_open_stops_everything_until_a_person_closes_it(story: Story) -> Broken:
    """Counted here: attempts in a row of which a run failed or is unknown, or that did not help; each of them once."""
    failed, open_, counted = defaultdict(set), set(), set()
    names, runs, settled = {}, defaultdict(set), defaultdict(dict)
    for entry in story.entries:
        if isinstance(entry.event, came.BreakerClosed):
            open_.discard(entry.event.breaker)
            failed.pop(entry.event.breaker, None)
        for act in entry.acts:
            attempt = act.key.rpartition(".")[0]
            if open_ & {act.body.remediation, "overall"}:
                yield f"{act.key}: its breaker is open"
            names[attempt] = act.body.remediation
            runs[attempt].add(act.key)
        for ran in entry.decided(said.Ran):
            attempt = ran.run.rpartition(".")[0]
            if attempt in names:
                settled[attempt].setdefault(ran.run, ran.outcome)
                if set(settled[attempt]) == runs[attempt] and {"failed", "unknown"} & set(settled[attempt].values()):
                    failed[names[attempt]].add(attempt)
                    counted.add(attempt)
        for seen in entry.decided(said.Verified):
            attempt = [one for one in names if one.startswith(f"{seen.incident}/")][-1]
            if seen.helped is False and attempt not in counted:
                failed[seen.remediation].add(attempt)
                counted.add(attempt)
            elif seen.helped and attempt not in failed[seen.remediation]:
                failed[seen.remediation].clear()
        for name, attempts in failed.items():
            if len(attempts) >= story.plan.document.remediations[name].guardrails.stop_after_failures:
                open_.add(name)
        open_ |= {one.name for one in entry.decided(said.Breaker) if one.open}


# What may not be done at all


def while_a_kill_switch_is_on_nothing_of_its_scope_is_begun(story: Story) -> Broken:
    on = set()
    of_run = {}
    for entry in story.entries:
        if isinstance(entry.event, came.Switched):
            (on.add if entry.event.on else on.discard)(entry.event.scope)
        for act in entry.effects(outside.Act):
            team = story.team_of(act.body.incident, entry.number)
            of_run[act.key] = {"all", f"team:{team}", f"remediation:{act.body.remediation}"}
            if act.body.undo is None and on & of_run[act.key]:
                yield f"{act.key}: decided on while {on} is on"
        for one in entry.decided(said.Permitted):
            if on & of_run[one.run]:
                yield f"{one.run}: begun while {on} is on"


def observing_changes_nothing(story: Story) -> Broken:
    told = None
    for entry in story.entries:
        if isinstance(entry.event, came.ModeSet):
            told = entry.event.mode
        if "observe" in (told, story.plan.mode) and (entry.acts or entry.decided(said.Permitted)):
            yield f"entry {entry.number}: something is begun in mode observe"


def what_needs_approval_has_it_from_people_who_may_give_it(story: Story) -> Broken:
    """In mode approve always; else as the policy says: so many different people, each of them one whom it names, by the
    plan that was in force when they answered.
    """
    told = None
    given, until = defaultdict(dict), {}
    for entry in story.entries:
        if isinstance(entry.event, came.ModeSet):
            told = entry.event.mode
        staff = _staff(story, entry.number)
        for ask in entry.effects(outside.Ask):
            until[ask.body.question] = ask.body.expires_at
        for one in entry.decided(said.Approval):
            if entry.now >= until[one.question]:
                yield f"{one.question}: {one.person} answered too late"
            if one.yes:
                given[one.incident][one.person] = staff
        for act in entry.acts:
            name = act.body.remediation
            policy = story.remediation(act).approvals
            if policy is None and "approve" not in (told, story.plan.mode):
                continue
            needed = policy.count if policy is not None else 1
            mine = given[act.body.incident]
            if len(mine) < needed:
                yield f"{act.key}: {len(mine)} of {needed} approvals"
            team = story.team_of(act.body.incident, entry.number)
            may = {
                person
                for person, then in mine.items()
                if any(person in people for whose, people in then.on_call.items() if whose.endswith(f" of {team}"))
                or (name == "isolate" and person == then.ciso)
            }
            if policy is not None and set(mine) != may:
                yield f"{act.key}: approved by {set(mine) - may}, who may not"
        for ended in (*entry.decided(said.Passed), *entry.decided(said.Refused)):
            given.pop(ended.incident, None)


class Staff(NamedTuple):
    """As a plan's text has it. `on_call`: whom each schedule names, by `primary of web`."""

    people: set[str]
    on_call: dict[str, set[str]]
    ciso: str


@cache
def _read(text: str) -> Staff:
    plan = json.loads(text)
    on_call = {
        f"{role} of {team}": set(plan["schedules"][schedule]["people"])
        for team, one in plan["teams"].items()
        for role, schedule in one["on_call"].items()
    }
    return Staff(set(plan["people"]), on_call, plan["roles"]["ciso"]["person"])


def _staff(story: Story, number: int) -> Staff:
    """Of the plan that is in force after an entry. Every story begins with one."""
    adopted = (one for one in reversed(story.entries[: number + 1]) if isinstance(one.event, came.PlanLoaded))
    return _read(next(one.event.text for one in adopted if one.decided(said.Adopted)))


def whoever_is_asked_or_told_is_meant_by_the_plan_in_force(story: Story) -> Broken:
    """Whichever plan an incident began with: nobody who was replaced is woken any more, and nobody who has left is told."""
    for entry in story.entries:
        staff = _staff(story, entry.number)
        for effect in entry.step.effects:
            body = effect.body
            to = (body.to,) if isinstance(body, outside.Page) else getattr(body, "to", ())
            for one in to:
                if one.person is not None and one.person not in staff.people:
                    yield f"{effect.key}: {one.person} has left"
                meant = staff.on_call.get(one.why, {one.person})
                if isinstance(body, outside.Page | outside.Ask) and one.person not in meant:
                    yield f"{effect.key}: {one.person} is not {one.why} any more"


def what_is_begun_was_weighed_before_and_what_is_risky_has_a_persons_yes(story: Story) -> Broken:
    """Unless it was put off since: by then it may be less risky."""
    weighed, yes = {}, defaultdict(bool)
    for entry in story.entries:
        for one in entry.step.decisions:
            if isinstance(one, said.Weighed):
                weighed[one.incident], yes[one.incident] = one, False
            elif isinstance(one, said.Approval):
                yes[one.incident] |= one.yes
            elif isinstance(one, said.Held):
                yes[one.incident] = True
            elif isinstance(one, said.Passed):
                known = weighed.pop(one.incident, None)
                if known is None or known.remediation != one.remediation or not known.reasons:
                    yield f"entry {entry.number}: {one.remediation} was not weighed"
                elif (known.asks or known.risk >= 70) and not yes[one.incident]:
                    yield f"entry {entry.number}: {one.remediation} at risk {known.risk}, and nobody was asked"


def nothing_is_done_in_a_change_freeze(story: Story) -> Broken:
    for entry in story.entries:
        for act in entry.acts:
            for holding in story.plan.windows.values():
                start, end = holding.span
                freezes = holding.name in story.remediation(act).guardrails.not_during
                service = _key_of(story, act.body.incident).get("service")
                freezes = freezes or service == holding.window.match.get("service")
                if freezes and start <= entry.now // 1000 < end:
                    yield f"{act.key}: within {holding.name}"


def _key_of(story: Story, incident: str) -> dict[str, str]:
    return next(one.key for entry in story.entries for one in entry.decided(said.Opened) if one.incident == incident)


def while_monitoring_cannot_be_believed_nothing_is_decided(story: Story) -> Broken:
    broken = set()
    for entry in story.entries:
        if isinstance(entry.event, came.MonitoringReported):
            (broken.discard if entry.event.healthy else broken.add)(entry.event.part)
        if broken and entry.acts:
            yield f"entry {entry.number}: something is done while {broken} is broken"


def in_a_storm_nothing_is_begun(story: Story) -> Broken:
    """Of its team; nor of anybody in one of all teams. What no policy claims counts for neither."""
    opened = []
    limit = story.plan.document.limits.storm
    for entry in story.entries:
        claimed = {one.incident for one in entry.decided(said.Opened) if one.alert is not None}
        opened += [(entry.now, story.team_of(one, entry.number)) for one in claimed]
        lately = [team for at, team in opened if at > entry.now - milliseconds(limit.within)]
        for act in entry.acts:
            mine = lately.count(story.team_of(act.body.incident, entry.number))
            if mine >= limit.incidents or len(lately) >= 3 * limit.incidents:
                yield f"{act.key}: {mine} of {len(lately)} incidents within {limit.within}, and something is begun"


def no_storm_of_others_and_none_that_anybody_made_up_holds_anything_back(story: Story) -> Broken:
    opened = []
    limit = story.plan.document.limits.storm
    for entry in story.entries:
        claimed = {one.incident for one in entry.decided(said.Opened) if one.alert is not None}
        opened += [(entry.now, story.team_of(one, entry.number)) for one in claimed]
        for held in entry.decided(said.Held):
            lately = [team for at, team in opened if at > entry.now - milliseconds(limit.within)]
            mine = lately.count(story.team_of(held.incident, entry.number))
            if held.reason == "storm" and mine < limit.incidents and len(lately) < 3 * limit.incidents:
                yield f"entry {entry.number}: {held.remediation} is held back by {len(lately)} incidents, {mine} of them its team's"


def an_incident_that_flaps_is_left_to_people(story: Story) -> Broken:
    back = defaultdict(list)
    for entry in story.entries:
        for one in entry.decided(said.Told):
            if one.what == "came back":
                back[one.incident].append(entry.now)
        for act in entry.acts:
            lately = [at for at in back[act.body.incident] if at > entry.now - HOUR]
            if len(lately) >= story.plan.document.limits.flapping:
                yield f"{act.key}: it came back {len(lately)} times within the hour"


def values_from_labels_are_on_the_allow_list_or_nothing_is_done(story: Story) -> Broken:
    for entry in story.entries:
        for act in entry.effects(outside.Act):
            inputs = story.remediation(act).inputs
            if set(act.body.inputs) != set(inputs):
                yield f"{act.key}: {act.body.inputs} are not the inputs"
            for name, value in act.body.inputs.items():
                if not any(re.fullmatch(pattern, value) for pattern in inputs[name].allow):
                    yield f"{act.key}: {value!r} is not allowed"


def alerts_that_no_policy_claims_or_whose_labels_lie_start_nothing(story: Story) -> Broken:
    unclaimed = set()
    for entry in story.entries:
        opened = entry.decided(said.Opened)
        unclaimed |= {one.incident for one in opened if one.alert is None or one.key.get("env") != "production"}
        for effect in entry.step.effects:
            if (
                isinstance(effect.body, outside.Act | outside.Collect | outside.Message)
                and effect.body.incident in unclaimed
            ):
                yield f"{effect.key}: for an alert that no policy claims"


def right_before_acting_prometheus_was_asked_and_gave_a_good_answer(story: Story) -> Broken:
    """The alert's series are there, its expression has an answer, and enough is healthy."""
    for entry in story.entries:
        for act in entry.acts:
            event = entry.event
            if not isinstance(event, came.QueryAnswered):
                yield f"{act.key}: begun by {type(event).__name__}"
                continue
            floor = story.remediation(act).guardrails.keep_healthy
            results = event.results
            if "firing" not in results or results["firing"].error is not None:
                yield f"{act.key}: the alert's expression had no answer"
            if "absent" in results and (results["absent"].error is not None or results["absent"].samples):
                yield f"{act.key}: the alert's series are gone"
            if floor is not None:
                values = [one.value for one in results["floor"].samples] if "floor" in results else []
                if not values or not min(values) >= floor.at_least:
                    yield f"{act.key}: {values} are healthy, and {floor.at_least} must be"


# Once


def no_run_is_begun_twice_and_none_is_begun_unasked(story: Story) -> Broken:
    asked, begun, steps = {}, set(), set()
    for entry in story.entries:
        for act in entry.effects(outside.Act):
            asked[act.key] = act
            if not act.once:
                yield f"{act.key}: may be repeated"
        for one in entry.decided(said.Permitted):
            act = asked.get(one.run)
            if act is None:
                yield f"{one.run}: begun, and nobody asked for it"
                continue
            if one.run in begun:
                yield f"{one.run}: begun twice"
            begun.add(one.run)
            step = (act.body.incident, one.run.rpartition("/")[2], act.body.undo is None, act.body.target)
            if step in steps:
                yield f"{one.run}: the same step has begun under another name"
            steps.add(step)
            if entry.now > act.body.not_after:
                yield f"{one.run}: begun after {act.body.not_after}"


def nothing_is_begun_for_an_incident_that_is_over_and_what_is_under_way_is_not_forgotten(story: Story) -> Broken:
    under_way = set()
    for entry in story.entries:
        for one in entry.decided(said.Permitted):
            under_way.add(one.run)
            incident = entry.step.state.find(one.run)
            if "/act/" in one.run and (incident is None or not incident.open):
                yield f"{one.run}: begun, and its incident is over"
        under_way -= {ran.run for ran in entry.decided(said.Ran)}
        for run in sorted(under_way):
            if entry.step.state.find(run) is None:
                yield f"entry {entry.number}: {run} is under way, and its incident is forgotten"


def what_is_unknown_is_told_to_a_person_and_never_repeated(story: Story) -> Broken:
    unknown = defaultdict(set)
    for entry in story.entries:
        for act in entry.acts:
            if act.body.remediation in unknown[act.body.incident] and not _requested(story, act):
                yield f"{act.key}: nobody knows how it went before"
        for ran in entry.decided(said.Ran):
            if ran.outcome == "unknown" and not _reaches_somebody(entry, ran.incident):
                yield f"{ran.run}: unknown, and nobody was told"
            if ran.outcome == "unknown":
                name = next((act.body.remediation for act in _all_acts(story) if act.key == ran.run), None)
                unknown[ran.incident].add(name)


def _all_acts(story: Story):
    return [act for entry in story.entries for act in entry.effects(outside.Act)]


def _requested(story: Story, act) -> bool:
    return any(
        isinstance(one.event, came.RemedyRequested)
        and (one.event.incident, one.event.remediation) == (act.body.incident, act.body.remediation)
        for one in story.entries
    )


def only_what_was_recorded_before_acting_is_taken_back_and_only_once(story: Story) -> Broken:
    recorded, taken_back = {}, set()
    for entry in story.entries:
        if isinstance(entry.event, came.ActionStarted) and core.permitted(entry.step, entry.event.key):
            recorded[entry.event.key] = entry.event.recorded
        for act in entry.effects(outside.Act):
            if act.body.undo is None:
                continue
            if recorded.get(act.body.undo) is None or act.body.recorded != recorded[act.body.undo]:
                yield f"{act.key}: takes back {act.body.undo} to what was never recorded"
            if act.body.undo in taken_back:
                yield f"{act.key}: takes back {act.body.undo} a second time"
            if story.remediation(act).undo != "inverse":
                yield f"{act.key}: takes back what has no inverse"
            taken_back.add(act.body.undo)


def what_failed_or_did_not_help_is_taken_back(story: Story) -> Broken:
    """Where an inverse is declared and the state before is recorded; not blindly, and not when nobody knows what happened."""
    recorded, outcomes, runs, acts = {}, {}, defaultdict(set), {}
    for entry in story.entries:
        for act in entry.acts:
            acts[act.key] = act
            runs[act.key.rpartition(".")[0]].add(act.key)
        if isinstance(entry.event, came.ActionStarted) and core.permitted(entry.step, entry.event.key):
            recorded[entry.event.key] = entry.event.recorded
        ended = set()
        for ran in entry.decided(said.Ran):
            outcomes[ran.run] = ran.outcome
            attempt = ran.run.rpartition(".")[0]
            results = [outcomes.get(run) for run in runs[attempt]]
            if ran.run in acts and None not in results and "failed" in results and "unknown" not in results:
                ended.add(attempt)
        for seen in entry.decided(said.Verified):
            attempt = [one for one in runs if one.startswith(f"{seen.incident}/")][-1]
            if seen.helped is False and "unknown" not in [outcomes.get(run) for run in runs[attempt]]:
                ended.add(attempt)
        back = {act.body.undo for act in entry.effects(outside.Act)}
        for run in sorted(run for attempt in ended for run in runs[attempt]):
            incident = entry.step.state.find(run)
            touched = outcomes.get(run) in ("succeeded", "failed") and recorded.get(run) is not None
            inverse = story.remediation(acts[run]).undo == "inverse"
            if touched and inverse and incident is not None and incident.open and run not in back:
                yield f"{run}: it is not taken back"


def what_could_not_be_taken_back_reaches_a_person_and_nothing_else_is_tried(story: Story) -> Broken:
    """Unless a person asks for it, or the incident comes back."""
    left = set()
    for entry in story.entries:
        left -= {one.incident for one in entry.decided(said.Told) if one.what in ("remedy requested", "came back")}
        for act in entry.acts:
            if act.body.incident in left:
                yield f"{act.key}: begun, and what was done before could not be taken back"
        for ran in entry.decided(said.Ran):
            if "/undo/" in ran.run and ran.outcome != "succeeded":
                left.add(ran.incident)
                if not _reaches_somebody(entry, ran.incident):
                    yield f"{ran.run}: {ran.outcome}, and nobody was told"


def effects_have_keys_of_their_own(story: Story) -> Broken:
    keys = set()
    for entry in story.entries:
        for effect in entry.step.effects:
            if effect.key in keys:
                yield f"{effect.key}: twice"
            keys.add(effect.key)


# Nothing is lost


def every_refusal_reaches_a_person(story: Story) -> Broken:
    for entry in story.entries:
        for refused in (*entry.decided(said.Refused), *entry.decided(said.Held)):
            if refused.incident is not None and isinstance(refused, said.Refused):
                if not _reaches_somebody(entry, refused.incident):
                    yield f"entry {entry.number}: {refused.reason} of {refused.remediation}, and nobody was told"
            elif isinstance(refused, said.Refused) and not entry.step.effects:
                yield f"entry {entry.number}: {refused.reason}, and nobody was told"


def _reaches_somebody(entry: Entry, incident: str) -> bool:
    for effect in entry.step.effects:
        body = effect.body
        to = body.to if isinstance(body, outside.Note) else (body.to,) if isinstance(body, outside.Page) else ()
        if body.incident == incident and any(one.person or one.phone or one.email for one in to):
            return True
    return False


def every_open_incident_has_a_next_deadline_or_a_person(story: Story) -> Broken:
    """And each thing that is waited for has a deadline of its own."""
    waits = {
        "held": {"hold"},
        "asking": {"approval"},
        "checking": {"query"},
        "acting": {"act"},
        "undoing": {"act"},
        "verifying": {"verify", "verified"},
    }
    for entry in story.entries:
        for incident in entry.step.state.incidents.values():
            where = f"entry {entry.number}: {incident.id}"
            due = set(incident.deadlines)
            if not incident.open:
                if "forget" not in due:
                    yield f"{where} is over, and nobody will forget it"
                continue
            if "stale" not in due:
                yield f"{where} is open, and nobody would notice silence"
            if incident.paging and "escalate" not in due:
                yield f"{where} pages, and there is no next step"
            if incident.attempt is not None and not waits[incident.attempt.stage] <= due:
                yield f"{where} is {incident.attempt.stage}, and waits for ever"
            if incident.waiting is not None and "collect" not in due:
                yield f"{where} collects for ever"
            if not incident.paging and incident.facts.severity == "critical":
                if incident.owner is None and incident.mitigated_at is None:
                    yield f"{where} is critical, nobody has it, and nobody is paged"
                if incident.mitigated_at is not None and incident.owner is None and "mitigated" not in due:
                    yield f"{where} was mended, and nobody would look again"


def a_page_reaches_a_human_being_at_once(story: Story) -> Broken:
    """Whoever is on call at that moment; a step that means nobody is passed in the same breath."""
    for entry in story.entries:
        taken = defaultdict(list)
        for one in entry.decided(said.Escalated):
            taken[one.incident].append(one)
        for incident in taken:
            pages = [one.body for one in entry.effects(outside.Page) if one.body.incident == incident]
            if not any(one.to.person or one.to.phone or one.to.email for one in pages):
                yield f"entry {entry.number}: {incident} pages nobody"


def nothing_happens_before_its_time(story: Story) -> Broken:
    """A deadline that comes in early, by a clock that was put back, changes nothing."""
    for entry in story.entries:
        if isinstance(entry.event, came.DeadlineReached) and entry.now < entry.event.due:
            if entry.step.effects or any(not isinstance(one, said.Ignored) for one in entry.step.decisions):
                yield f"entry {entry.number}: {entry.event.key} came early, and something is done"


def deadlines_in_the_store_are_the_deadlines_of_the_state(story: Story) -> Broken:
    rows = {}
    for entry in story.entries:
        for one in entry.step.deadlines:
            if isinstance(one, outside.SetDeadline):
                rows[one.key] = one.due
            else:
                rows.pop(one.key, None)
        state = entry.step.state
        known = {f"executor/{name}": due for name, due in state.deadlines.items()}
        for incident in state.incidents.values():
            known |= {f"{incident.id}/{name}": due for name, due in incident.deadlines.items()}
        if rows != known:
            yield f"entry {entry.number}: {set(rows.items()) ^ set(known.items())}"


def no_data_is_no_success(story: Story) -> Broken:
    """Nor is an error, nor a series of this very incident in the answer; nor that its alerts ended, without such an answer."""
    answers: dict[str | None, dict[str, came.Result]] = {}
    for entry in story.entries:
        if isinstance(entry.event, came.QueryAnswered):
            answers[entry.event.key.partition("/")[0]] = entry.event.results
        for seen in entry.decided(said.Verified):
            if not seen.helped:
                continue
            key = _key_of(story, seen.incident)
            results = answers.get(seen.incident, {})
            if not isinstance(
                entry.event, came.QueryAnswered | came.Delivered | came.Reconciled | came.DeadlineReached
            ):
                yield f"entry {entry.number}: {seen.remediation} is said to have helped, for no reason"
            if "firing" not in results or any(one.error is not None for one in results.values()):
                yield f"entry {entry.number}: {seen.remediation} is said to have helped, without an answer"
            elif any(all(key.get(k, v) == v for k, v in one.labels.items()) for one in results["firing"].samples):
                yield f"entry {entry.number}: {seen.remediation} is said to have helped, and the alert fires"
            elif results.get("absent", came.Result()).samples:
                yield f"entry {entry.number}: {seen.remediation} is said to have helped, and there is no data"


def a_remedy_has_helped_only_after_the_quiet_time_of_its_policy(story: Story) -> Broken:
    """Seen quiet, at every look, for so long; or its alert has ended meanwhile, and was quiet at the last look."""
    since = {}
    for entry in story.entries:
        over = {one.incident for one in entry.decided(said.Moved) if one.after == "resolved"}
        for one in entry.step.decisions:
            if isinstance(one, said.Permitted) or (isinstance(one, said.Verified) and one.seen != "quiet"):
                since.pop(one.incident, None)
            elif isinstance(one, said.Verified) and one.helped is None:
                since.setdefault(one.incident, entry.now)
            elif isinstance(one, said.Verified) and one.helped:
                quiet_for = milliseconds(story.plan.document.remediations[one.remediation].verify.quiet_for)
                if one.incident not in since:
                    yield f"entry {entry.number}: {one.remediation} is said to have helped at first sight"
                elif one.incident not in over and entry.now - since[one.incident] < quiet_for:
                    yield f"entry {entry.number}: {one.remediation} is said to have helped too soon"


def what_messages_opened_outside_is_closed_when_their_incident_is_over(story: Story) -> Broken:
    """Whenever the news of it comes, and though the incident may be forgotten by then."""
    opened: set[came.LeftOpen] = set()
    for entry in story.entries:
        if isinstance(entry.event, came.MessageSettled):
            opened |= set(entry.event.opened)
        for effect in entry.effects(outside.Close):
            opened -= set(effect.body.opened)
        for one in opened:
            incident = entry.step.state.find(one.key)
            if incident is None or not incident.open:
                yield f"entry {entry.number}: {one.key} stays open, though its incident is over"


# The same again


def folding_the_log_gives_the_same_state_effects_and_decisions(story: Story) -> Broken:
    """Byte for byte; also from a snapshot taken on the way. And no step changes the state it began with."""
    state = story.start
    middle = len(story.entries) // 2
    for entry in story.entries:
        event = came.decode(came.encode(entry.event))
        before = core.encode(state)
        step = core.reduce(state, event, entry.now)
        if core.encode(state) != before:
            yield f"entry {entry.number}: the state before it has changed"
        first = entry.step
        if (step.effects, step.decisions, step.deadlines) != (first.effects, first.decisions, first.deadlines):
            yield f"entry {entry.number}: another step"
        if core.encode(step.state) != core.encode(entry.step.state):
            yield f"entry {entry.number}: another state"
        state = step.state
        if entry.number == middle:
            state = core.decode(core.encode(state), state.library.__getitem__)


LAWS = [
    runs_within_an_hour_never_exceed_any_limit,
    between_two_runs_on_a_target_lies_the_cooldown,
    a_target_is_touched_by_one_run_at_a_time,
    no_more_targets_are_touched_at_once_than_the_policy_says,
    a_breaker_that_is_open_stops_everything_until_a_person_closes_it,
    while_a_kill_switch_is_on_nothing_of_its_scope_is_begun,
    observing_changes_nothing,
    what_needs_approval_has_it_from_people_who_may_give_it,
    whoever_is_asked_or_told_is_meant_by_the_plan_in_force,
    what_is_begun_was_weighed_before_and_what_is_risky_has_a_persons_yes,
    nothing_is_done_in_a_change_freeze,
    while_monitoring_cannot_be_believed_nothing_is_decided,
    in_a_storm_nothing_is_begun,
    no_storm_of_others_and_none_that_anybody_made_up_holds_anything_back,
    an_incident_that_flaps_is_left_to_people,
    values_from_labels_are_on_the_allow_list_or_nothing_is_done,
    alerts_that_no_policy_claims_or_whose_labels_lie_start_nothing,
    right_before_acting_prometheus_was_asked_and_gave_a_good_answer,
    no_run_is_begun_twice_and_none_is_begun_unasked,
    nothing_is_begun_for_an_incident_that_is_over_and_what_is_under_way_is_not_forgotten,
    what_is_unknown_is_told_to_a_person_and_never_repeated,
    only_what_was_recorded_before_acting_is_taken_back_and_only_once,
    what_failed_or_did_not_help_is_taken_back,
    what_could_not_be_taken_back_reaches_a_person_and_nothing_else_is_tried,
    effects_have_keys_of_their_own,
    every_refusal_reaches_a_person,
    every_open_incident_has_a_next_deadline_or_a_person,
    a_page_reaches_a_human_being_at_once,
    nothing_happens_before_its_time,
    deadlines_in_the_store_are_the_deadlines_of_the_state,
    no_data_is_no_success,
    a_remedy_has_helped_only_after_the_quiet_time_of_its_policy,
    what_messages_opened_outside_is_closed_when_their_incident_is_over,
    folding_the_log_gives_the_same_state_effects_and_decisions,
]
