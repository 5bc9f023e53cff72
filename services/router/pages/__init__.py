"""The router's pages: the dispatcher's queue, reviews, the workbench, the street's console."""
