"""Labelled pictures: loading, splitting, sampling, and preparing pictures from outside."""
