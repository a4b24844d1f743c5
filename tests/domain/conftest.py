"""Hypothesis for the domain: laws are judged by what they find, not by a loaded machine's clock."""

from hypothesis import settings

settings.register_profile("domain", deadline=None)
settings.load_profile("domain")
