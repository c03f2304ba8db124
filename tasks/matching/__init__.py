"""Keyword substring matching, with MetaCLIP's semantics."""
