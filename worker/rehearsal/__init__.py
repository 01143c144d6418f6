"""Rehearsals: plan stored messages under another configuration, in memory and without any effect."""
