"""What the API server refuses to store: the rules that a user of this program meets.

From pkg/apis/*/validation and the Service address allocator; the words are theirs, held against a Kubernetes 1.34 by
``tests/lab/test_refusals.py``.
"""
