"""How FER2013 gets here: transfers, archives, its formats, duplicates, and the synthetic faces of the demo."""
