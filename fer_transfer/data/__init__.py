"""How FER2013 gets here: transfers, archives, formats, duplicates, and synthetic faces."""
