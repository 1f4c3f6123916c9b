"""How `make test` shares the tests out."""

import os

import pytest


@pytest.mark.skipif(
    "PYTEST_XDIST_WORKER" not in os.environ, reason="one process runs all tests"
)
def test_the_tests_of_a_file_run_in_one_process(request):
    """pytest-xdist groups by what follows the @, and is silent where it finds none."""
    assert request.node.nodeid.endswith("@test_groups")
