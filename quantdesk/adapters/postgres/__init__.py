"""Postgres: the record of what was asked and what happened, behind row level security.

Every transaction names its role and claims first; without them it is nobody's (`anon`).
"""
