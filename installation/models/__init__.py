"""Models of others: which families the piece can play, what lies in the models folder, and how one gets there."""
