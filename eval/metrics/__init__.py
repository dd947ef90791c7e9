"""The metrics, one pure function each, by the published definitions. What does not apply is None, never 0."""
