"""The stage: what the audience sees. One process, one window, never black without intent, never waiting for a frame."""
