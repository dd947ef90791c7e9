"""What people and machines read of a run: an HTML page, Markdown for a pull request, JUnit XML."""
