"""Splits of the faces, and what must stay together in them: people, photos, duplicates."""
