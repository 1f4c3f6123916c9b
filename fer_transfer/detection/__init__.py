"""From photos to faces: read files, find faces, cut them out as FER2013 frames them."""
