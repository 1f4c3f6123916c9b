"""Photos in; the faces in them and the emotion of each out."""
