"""The sentences on top of the page, computed from what stands below, each a link to it; and what is not there."""

from xml.etree.ElementTree import Element

from harness.page.elements import element
from harness.page.results import Results, finite, median, of_networks
from harness.page.speed import multiples
from harness.page.upgrades import title

TRAIN = "train_step-128"


def sentences(results: Results) -> Element:
    said = [*_equal(results), *_learning(results), *_fast(results), *_upgraded(results), *_missing(results)]
    return element("ul", *(element("li", element("a", text, href=f"#{place}")) for place, text in said), class_="top")


def _equal(results: Results) -> list[tuple[str, str]]:
    said = []
    for network, rungs in of_networks(results, "rungs"):
        held = [rung for rung in rungs if rung["dtype"] == "float64" and not rung["gap"]]
        missed = [rung for rung in held if rung["error"] is None or rung["error"] > rung["limit"]]
        apart = sorted({rung["variant"] for rung in rungs if rung["gap"]}, key=results.place)
        but = f"; {', '.join(apart)} computes in float32" if apart else ""
        if missed:
            who = ", ".join(sorted({rung["variant"] for rung in missed}, key=results.place))
            said.append(("equality", f"Not all compute the same: {who} beyond the limit, {network}."))
        elif held:
            worst = max(held, key=lambda rung: rung["error"] / rung["limit"])
            variants = len({rung["variant"] for rung in held})
            proof = f"largest error {worst['error']:.0e} in “{worst['name']}”, limit {worst['limit']:.0e}"
            of_all = f"{variants} of {variants + len(apart)}" if apart else f"All {variants}"
            said.append(("equality", f"{of_all} compute the same, {network}: {proof}{but}."))
    return said


def _learning(results: Results) -> list[tuple[str, str]]:
    said = []
    for network, trainings in of_networks(results, "trainings"):
        right = finite([value for training in trainings for value in training["accuracies"]])
        asked = trainings[0]["required"]
        if right:
            word = "All learn" if min(right) >= asked else "Not all learn"
            reach = f"{min(right):.2%} to {max(right):.2%} of the test images right, asked for {100 * asked:g} %"
            said.append(("learning", f"{word}, {network}: {reach}."))
    return said


def _fast(results: Results) -> list[tuple[str, str]]:
    said = []
    for network, launches in of_networks(results, "launches"):
        floors = results.floor(network, TRAIN)
        known = {each["variant"]: median(each["seconds"].get(TRAIN, [])) for each in launches}
        known = {variant: seconds for variant, seconds in known.items() if seconds is not None}
        if known:
            fastest, slowest = min(known, key=known.get), max(known, key=known.get)
            reach = f"{1e3 * known[fastest]:.2f} ms ({fastest}) to {1e3 * known[slowest]:.2f} ms ({slowest})"
            times = finite([multiples(each, TRAIN, floors) for each in launches])
            beside = f", {min(times):.1f} to {max(times):.1f} times what the machine must take" if times else ""
            said.append(("latency", f"A training step of 128 images, {network}: {reach}{beside}."))
    return said


def _upgraded(results: Results) -> list[tuple[str, str]]:
    said = []
    for run in results.upgrades:
        words = [found["word"] for about in run["variants"].values() for found in about["found"].values()]
        counts = ", ".join(f"{words.count(word)} {word}" for word in dict.fromkeys(words))
        said.append(("upgrades", f"{title(run)}: {counts}."))
    return said


def _missing(results: Results) -> list[tuple[str, str]]:
    if not results.troubles:
        return []
    counts: dict[str, int] = {}
    for trouble in results.troubles:
        counts[trouble["outcome"]] = counts.get(trouble["outcome"], 0) + 1
    return [("missing", f"Not everything is here: {', '.join(f'{count} {word}' for word, count in counts.items())}.")]
