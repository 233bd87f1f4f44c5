"""The style of the page, and the part of it that a picture needs when it is a file of its own."""

from pathlib import Path

FOLDER = Path(__file__).parent
PICTURE = (FOLDER / "picture.css").read_text()  # colours, in light and dark, and what is drawn
PAGE = PICTURE + (FOLDER / "page.css").read_text()
