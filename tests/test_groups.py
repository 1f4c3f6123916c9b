"""How `make test` shares the tests out."""

import pytest


def test_the_tests_of_a_file_run_in_one_process(request):
    """pytest-xdist groups by what follows the @, and is silent where it finds none."""
    if not getattr(request.config.option, "loadgroup", False):
        pytest.skip("asked for by --dist loadgroup, as `make test` does")
    assert request.node.nodeid.endswith("@test_groups")
