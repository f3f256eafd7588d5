"""Random distortion of training pictures: how far, and on which device."""
