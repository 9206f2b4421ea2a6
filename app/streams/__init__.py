"""The faces that announcements show to the outside; each is resumable from a position."""
