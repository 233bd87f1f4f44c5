"""Check the language of README.md, docs/, and the docstrings of impls, harness and studies: `python tools/prose.py`.

Each sentence has its subject first and at most 25 words, but for the shares in `LIMITS`. Words of `TERMS` have another
name in docs/glossary.md. docs/lab/ may have long table cells.
"""

import ast
import itertools
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).resolve().parent.parent
LONG, LONGEST, WORDY = 25, 40, 12  # words of a sentence, of any sentence, of a table cell
LIMITS = {  # largest share of the sentences, by kind of text and finding; 0 where none is named
    ("Markdown", "long sentence"): 0.06,
    ("docstrings", "long sentence"): 0.06,
    ("docstrings", "headless subject"): 0.01,
}
HEADLESS = re.compile(r"(what|who|whoever|whatever|whose|whichever)\b(?!.*\?$)", re.IGNORECASE)
SENTENCE_END = re.compile(r"(?<=[.!?:])\s+(?=[A-Z\"(*0-9])")
TERMS = {  # a regular expression: the term to use
    r"beside": "compared with, next to",
    r"in turns?": "interleaved",
    r"whole numbers?": "integers",
    r"told|tells? of": "reported, described",
    r"referees?": "reference",
    r"ladder|rungs?": "equivalence tests, level",
    r"the floor": "roofline",
    r"enem(y|ies)": "conflicting packages",
    r"whosever|whoever|whatever": "the noun itself",
    r"so many": "n",
    r"mended": "fixed",
    r"of (its|their) own": "separate",
    r"noticed?": "detected",
    r"launch(es)?": "process run",
}


def sentences(text: str) -> list[str]:
    """Split a paragraph. Names in backticks count as one word."""
    text = re.sub(r"`[^`]*`", "CODE", re.sub(r"\b(e\.g|i\.e|cf|vs|Fig)\.", r"\1", text))
    return [part for part in SENTENCE_END.split(" ".join(text.split())) if len(words(part)) > 2]


def words(text: str) -> list[str]:
    """Return the words and numbers of a text."""
    return re.findall(r"[A-Za-z0-9][\w'./%-]*", text)


def of_markdown(file: Path) -> Iterator[tuple[str, str]]:
    """Yield ("sentence" or "cell", text) of a file; headings and code blocks are left out."""
    tokens = MarkdownIt("commonmark").enable("table").parse(file.read_text(encoding="utf-8"))
    for before, token in itertools.pairwise(tokens):
        if token.type == "inline" and before.type != "heading_open":
            text = "".join("CODE" if each.type == "code_inline" else each.content or " " for each in token.children)
            if before.type in ("td_open", "th_open"):
                yield "cell", text
            else:
                yield from (("sentence", sentence) for sentence in sentences(text))


def of_python(file: Path) -> Iterator[tuple[str, str]]:
    """Yield ("sentence", text) of the docstrings of a file."""
    documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, documented):
            for block in re.split(r"\n\s*\n|\n\s*- ", ast.get_docstring(node) or ""):
                yield from (("sentence", sentence) for sentence in sentences(block))


def findings(file: Path, kind: str, text: str) -> Iterator[tuple[str, str]]:
    """Yield each finding of a sentence or a table cell, and what is wrong."""
    count = len(words(text))
    if kind == "cell" and count > WORDY and ROOT / "docs/lab" not in file.parents:
        yield "wordy cell", f"{count} words"
    if kind == "sentence" and count > LONG:
        yield ("longest sentence" if count > LONGEST else "long sentence"), f"{count} words"
    if kind == "sentence" and HEADLESS.match(text):
        yield "headless subject", "name the noun"
    for term, better in TERMS.items():
        for found in re.finditer(rf"\b(?:{term})\b", text, re.IGNORECASE):
            yield "private word", f"{found[0]!r}: {better}"


def main() -> None:
    """Print the counts, and each finding beyond its limit. Exit with 1 if there is one."""
    markdown = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    python = sorted(path for part in ("impls", "harness", "studies") for path in (ROOT / part).rglob("*.py"))
    failed = False
    for group, files, read in (("Markdown", markdown, of_markdown), ("docstrings", python, of_python)):
        texts = [(file, *each) for file in files for each in read(file)]
        total = sum(kind == "sentence" for _, kind, _ in texts)
        found = [(file, text, *each) for file, kind, text in texts for each in findings(file, kind, text)]
        counts = Counter(name for _, _, name, _ in found)
        summary = ", ".join(f"{count} {name}" for name, count in counts.items()) or "clean"
        print(f"{group}: {total} sentences; {summary}")
        exceeded = {name for name, count in counts.items() if count > LIMITS.get((group, name), 0) * total}
        for file, text, name, why in found:
            if name in exceeded or "-v" in sys.argv:
                print(f"  {file.relative_to(ROOT)}: {name}, {why}: {text[:120]}")
        failed |= bool(exceeded)
    sys.exit(failed)


if __name__ == "__main__":
    main()
