"""Crash and tamper evidence: each harness attacks the real code, counts, and names its seed.

A small tier runs with the tests; the release tier is ``make evidence``.
"""
