"""What the stages import: nouns. No data file is named in here."""
