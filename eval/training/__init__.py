"""How the reranker's weights are made: what it is shown, and the training. Nothing here runs in the product."""
