"""A model that answers."""

from tests.evaluate.conftest import model  # noqa: F401 (a fixture)
