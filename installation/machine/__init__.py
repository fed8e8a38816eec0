"""What carries the show: settings, the wires between processes, and who watches whom."""
