"""The language: kinds, their decoding, and the resolved model everything downstream reads."""
