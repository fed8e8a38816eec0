"""The camera: what stands before it, or a film, becomes the origin or is mixed into what is burnt next."""
