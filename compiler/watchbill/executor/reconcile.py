"""The answer to a `reconcile` effect: every alert that Alertmanager holds, from every peer.

An alert that any peer holds counts; nothing is concluded from absence unless every peer answered.
"""

import logging

from watchbill.executor.alertmanager import alerts
from watchbill.executor.core.events import Events, Reconciled, Reported
from watchbill.executor.handlers import Again, Outside, Work
from watchbill.executor.outgoing import NoAnswer

_LOG = logging.getLogger("watchbill.reconcile")


def handle(work: Work, outside: Outside) -> Events | Again:
    plan = outside.plan()
    peers = plan.document.alertmanagers if plan is not None else ()
    asked_at, held, complete = outside.now(), dict[str, Reported](), bool(peers)
    for peer in peers:
        try:
            for alert in alerts(outside.connections, peer):
                known = held.get(alert.fingerprint)
                if known is None or known.suppressed:
                    held[alert.fingerprint] = alert
        except NoAnswer as error:
            complete = False
            _LOG.warning("an Alertmanager could not be asked: %s", error, extra={"peer": peer})
    if not held and not complete:
        return Again("no Alertmanager could be asked")
    return Reconciled(key=work.key, asked_at=asked_at, alerts=tuple(held.values()), complete=complete)
