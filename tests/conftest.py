"""What holds for every test: Hypothesis profiles. That sockets reach loopback alone is an option in pyproject.toml."""

import os

from hypothesis import HealthCheck, settings

# Argon2 and databases make a first example slow; a deadline would measure the machine, not the code.
everyday = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.register_profile("everyday", everyday)
settings.register_profile("thorough", everyday, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "everyday"))
