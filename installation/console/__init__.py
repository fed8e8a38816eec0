"""The console: one page that shows how the piece is and lets an artist play it, on a phone in a dark room."""
