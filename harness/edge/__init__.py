"""Networks on devices: trained and quantized, exported, and run in an environment without a framework."""
