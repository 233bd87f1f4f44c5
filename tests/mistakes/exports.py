"""Mistakes in harness/edge/exports.py, the exports of all variants: each replaces a method of `ExportCache`."""
# ruff: noqa: N801 - a class is a mistake here

from unittest.mock import patch

from harness.edge import exports
from harness.edge.exports import reference_logits
from impls.contract import DATASET
from impls.numpy.quantization import calibrate
from impls.quantization import CALIBRATED_ON
from tests.mistakes import Mistake, catchers

trained = exports.ExportCache.trained


class calibrated_on_test_images(Mistake):
    caught_by = catchers.SCALES

    def trained(self, framework):
        images = self.dataset.test.images.first(CALIBRATED_ON).array()
        with patch.object(exports, "calibrate", lambda network, parameters, _: calibrate(network, parameters, images)):
            return trained(self, framework)


class calibrated_on_all_training_images(Mistake):
    caught_by = catchers.SCALES

    def trained(self, framework):
        with patch.object(exports, "CALIBRATED_ON", DATASET.train):
            return trained(self, framework)


class trained_in_vain(Mistake):
    caught_by = catchers.TRAINED

    def trained(self, framework):
        ready = trained(self, framework)
        before = ready.trained["float"]
        right = reference_logits(before, self.dataset.test.images.array())
        return ready._replace(trained=dict.fromkeys(ready.trained, before), right=right)
