"""Migrations of the database, run by ``countermand db upgrade``."""
