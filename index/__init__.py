"""The gallery: a catalogue of labelled vectors and the search over them."""
