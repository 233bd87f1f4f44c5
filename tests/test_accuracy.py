"""Every variant learns: at least 97 % of the 10,000 test images after 10 epochs."""

import statistics

import pytest

TARGET = 0.97


@pytest.mark.accuracy
def test_accuracy(framework, mnist, request, record_property):
    epochs = request.config.option.epochs
    history = framework.train(mnist.train.images, mnist.train.labels, epochs)
    loss, accuracy = framework.evaluate(mnist.test.images, mnist.test.labels)
    record_property("framework", framework.label())
    record_property("parameters", framework.parameter_count())
    record_property("accuracy", accuracy)
    record_property("test_loss", loss)
    record_property("losses", history["loss"])
    record_property("seconds", history["seconds"])
    record_property("epoch_seconds", statistics.median(history["seconds"]))
    assert len(history["loss"]) == epochs
    assert accuracy >= TARGET, f"{framework.name}: {accuracy:.2%} after {epochs} epochs, expected at least {TARGET:.0%}"
