"""The calendar of the installation: when its doors are open, and what plays when."""
