"""The compiled plan: read strictly, indexed, and asked about alerts, people, hours and windows."""

from watchbill.executor.plan.indexed import Plan, Target
from watchbill.executor.plan.reading import Fault, digest_of, read
from watchbill.executor.plan.times import milliseconds

__all__ = ["Fault", "Plan", "Target", "digest_of", "milliseconds", "read"]
