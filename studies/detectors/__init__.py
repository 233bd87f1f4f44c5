"""Detectors on trial: what does each tool say of two versions if the answer is known?"""
