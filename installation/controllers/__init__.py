"""Controllers: surfaces to play the piece on, made from its knobs and commands, so that they never rot."""
