"""Outward: what reaches people. An effect becomes a plain `Content`; routes say by which connections; channels send it.

A channel is one file here, one line in `channels.CHANNELS`, and its own record in `connections.Outward`.
"""
