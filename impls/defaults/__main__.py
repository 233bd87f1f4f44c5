"""Write the page of defaults: `python -m impls.defaults`. With a variant, print its cells, as JSON."""

import json
import sys
from importlib.metadata import version

import impls
from impls.defaults import PAGE, observe, variants
from impls.defaults.page import page
from impls.defaults.rows import worded


def main() -> None:
    """Print the cells of one variant, or write the page of all of them."""
    if len(sys.argv) > 1:
        [variant] = sys.argv[1:]
        values = impls.import_(variant, "defaults").defaults()
        cells = {row: worded(row, value) for row, value in values.items()}
        versions = {name: version(name).partition("+")[0] for name in impls.variants()[variant].packages}
        print(json.dumps({"versions": versions, "cells": cells}))
    else:
        text = page(PAGE.read_text(encoding="utf-8"), {variant: observe(variant) for variant in variants()})
        PAGE.write_text(text, encoding="utf-8")
        print(f"{PAGE} is written")


if __name__ == "__main__":
    main()
