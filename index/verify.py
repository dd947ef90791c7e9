"""Checks the derived indexes of one data directory: `python -m index.verify HOME [CHROMA_URL]`.

Prints a line per problem and ends with 0; any other end means that an index could not even be opened.
"""

import sys
from pathlib import Path

from index.derived import Derived
from index.truth import open_truth

if __name__ == "__main__":
    home = Path(sys.argv[1])
    for problem in Derived(open_truth(home / "truth.db"), home, sys.argv[2] or None).problems():
        sys.stdout.write(f"{problem}\n")
