"""Hypothesis for the domain: laws are judged by what they find, not by a loaded machine's clock."""

import os

from hypothesis import Phase, settings

settings.register_profile("domain", deadline=None)
settings.register_profile(
    "mutants",
    deadline=None,
    database=None,
    derandomize=True,  # so that only the lie differs from the honest run
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile(os.environ.get("QD_HYPOTHESIS_PROFILE", "domain"))
