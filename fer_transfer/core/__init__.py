"""Files that appear whole, and the key of a state that a killed stage goes on from."""
