"""The market: options on what the piece measures, and pictures held to ransom."""
