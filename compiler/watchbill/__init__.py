"""Watchbill: one policy spec, compiled into alerting that provably reaches a person."""

__version__ = "0.1.0"
