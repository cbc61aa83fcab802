"""Formats turn files into rows and rows into files. They know no database."""
