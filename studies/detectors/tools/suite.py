"""This suite: pairs of workers whose steps are interleaved, until the interval of their ratio decides.

docs/explanation/verdict.md
"""

from harness.judging.sequential import Sampling
from harness.measuring.targets import starter
from harness.regression.comparison import Comparison, most_pairs
from harness.regression.pair import Pairs
from harness.workers import processors
from harness.workers.launch import WorkerSpec
from impls.contract import Settings
from studies.detectors.question import Question, ToolFailed
from studies.detectors.step import BATCH_SIZE
from studies.detectors.words import BETTER, SAME, UNDECIDED, WORSE
from studies.shared import dataset

WORDS = {"worse": WORSE, "better": BETTER, "same": SAME, "inconclusive": UNDECIDED}


def answers(question: Question) -> dict[str, str]:
    """Ask about one quantity, with the default margin of 5 % and alpha of 1 %."""
    pairs = Pairs(Settings(threads=1), dataset(), starter(WorkerSpec("", threads=1), lambda *_: None))
    sampling = Sampling(at_once=most_pairs(processors.count(), 1), seconds=question.seconds)
    quantity = f"{question.method}-{BATCH_SIZE}"
    comparison = Comparison(pairs, question.variant, [question.baseline, question.candidate], [quantity], sampling)
    comparison.run()
    verdict = comparison.verdicts[1, quantity]
    if comparison.failure or comparison.failed or verdict.word not in WORDS:
        raise ToolFailed(f"{verdict}: {verdict.reason}")
    return {"this suite": WORDS[verdict.word]}
