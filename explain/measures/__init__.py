"""How good the reasons of a bundle are: fidelity, stability, likeness of methods."""
