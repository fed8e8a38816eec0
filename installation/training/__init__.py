"""Making ember: pictures in, weights out."""
