"""Where jieba keeps its dictionary."""

from pathlib import Path

from ie_cli.text import jieba_words


def test_a_user_without_a_home_has_words_too(monkeypatch):
    def nowhere():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    assert jieba_words._cache() is None
