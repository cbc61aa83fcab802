"""The database: sessions, engines, bulk statements, limits, the schema."""
