"""The pages of counts and of data quality."""
