"""This suite: pairs of workers whose steps are interleaved, until the interval of their ratio decides.

docs/explanation/verdict.md
"""

from harness.judging.sequential import Sampling
from harness.regression.comparison import Comparison, most_pairs
from harness.workers import processors
from studies.detectors.question import BETTER, SAME, UNDECIDED, WORSE, Answer, Question, ToolFailed
from studies.detectors.step import BATCH_SIZE
from studies.pairs import pairs_of_mlp

WORDS = {"worse": WORSE, "better": BETTER, "same": SAME, "inconclusive": UNDECIDED}


def answers(question: Question) -> dict[str, Answer]:
    """Ask about one quantity, with the default margin of 5 % and alpha of 1 %."""
    sampling = Sampling(at_once=most_pairs(processors.count(), 1), seconds=question.seconds)
    quantity = f"{question.method}-{BATCH_SIZE}"
    pythons = [question.baseline, question.candidate]
    comparison = Comparison(pairs_of_mlp(), question.variant, pythons, [quantity], sampling)
    comparison.run()
    verdict = comparison.verdicts[1, quantity]
    if comparison.failure or comparison.failed or verdict.word not in WORDS:
        raise ToolFailed(f"{verdict}: {verdict.reason}")
    return {"this suite": Answer(WORDS[verdict.word], 1 + verdict.change, verdict.pairs)}
