"""The loop: burn, restore, measure, feed back. Read ``generation.py`` first."""
