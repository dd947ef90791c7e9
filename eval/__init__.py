"""Measures Dateline against data and gates its deploys. Drives bot and index through their doors."""
