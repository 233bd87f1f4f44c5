"""Networks on devices: trained and quantized here, exported, and run where no framework is.

A variant goes in; out come files, and what their logits are beside those of whole numbers.
"""
