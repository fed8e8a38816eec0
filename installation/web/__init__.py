"""The web: one port for OSCQuery's clients, for Prometheus, and for whatever pages other rooms add."""
