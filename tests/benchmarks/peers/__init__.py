"""What others have, behind the interface of `tests.benchmarks.side`; each as its documentation uses it."""
