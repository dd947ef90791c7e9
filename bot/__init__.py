"""Question in, proven answer out, and the surfaces people ask through."""
