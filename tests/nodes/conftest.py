"""Hypothesis without a stop-watch: RSA is slow on a loaded machine, and no test here is about time."""

from hypothesis import HealthCheck, settings

settings.register_profile("pmicheck", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("pmicheck")
