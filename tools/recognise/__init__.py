"""Photos in; the faces in them, and which emotion each shows, out: `python -m tools.recognise`."""
