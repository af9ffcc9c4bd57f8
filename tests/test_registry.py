import pytest

from ie_cli import registry
from ie_cli.errors import IEError


def test_names_leave_private_modules_out():
    found = registry.names("ie_cli.formats")
    assert "cluener" in found
    assert not any(name.startswith("_") for name in found)
    assert found == sorted(found)


def test_an_unknown_name_gets_the_nearest_and_all():
    with pytest.raises(IEError) as error:
        registry.load("ie_cli.formats", "cluner")
    assert str(error.value).startswith("unknown format 'cluner'. Did you mean 'cluener'? Known: ")
    assert "conll" in str(error.value)


def test_a_name_like_nothing_gets_no_guess():
    assert registry.unknown("format", "zzzz", ["conll"]) == "unknown format 'zzzz'. Known: conll"


@pytest.mark.parametrize("name", ["_reading", "../errors", "", "jsonl.read"])
def test_nothing_but_the_names_is_imported(name):
    with pytest.raises(IEError, match="unknown format"):
        registry.load("ie_cli.formats", name)
