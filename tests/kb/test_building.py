"""Building: ids that repeat, updates, and that a base is whole or not there."""

import json
import shutil
import signal

import pytest

from ie_cli import kb
from ie_cli.errors import IEError
from ie_cli.kb import _folder
from ie_cli.kb.entry import Entry, merged


def placed(*entries, path="a.jsonl"):
    return [kb.SourcedEntry(path, line, entry) for line, entry in enumerate(entries, 1)]


A, B, C = Entry("a", "甲"), Entry("b", "乙", ("一",), ("T",), "老二", (("排行", "2"),)), Entry("c", "丙", ("一",))
NEWER = Entry("b", "新乙", ("一", "乙"), ("U", "T"), "又是老二", (("排行", "2"), ("新", "是")))


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "kb"


def test_a_base_of_several_files(folder):
    made = kb.build(placed(A, B) + placed(C, path="b.jsonl"), folder)
    assert made == kb.Summary(entities=3, names=4, replaced=0, merged=0)
    base = kb.open(folder)
    assert [*base] == [A, B, C]
    assert base.candidates("一") == ["b", "c"]
    assert [base.manifest[key] for key in ("most_shared", "most_shared_by", "shared_names")] == ["一", 2, 1]


def test_two_entities_with_one_id_stop_the_build(folder):
    message = r"b\.jsonl:2: id 'b' is at a\.jsonl:2, too; --merge makes one of them"
    with pytest.raises(IEError, match=message):
        kb.build(placed(A, B) + placed(C, NEWER, path="b.jsonl"), folder)
    assert list(folder.parent.iterdir()) == []


def test_a_base_that_gives_way_is_told_of(folder):
    told = []
    kb.build(placed(A), folder, tell=told.append)
    assert not any("gives way" in line for line in told)
    kb.build(placed(B), folder, tell=told.append)
    assert sum(line.startswith(f"{folder}: the base that is there gives way") for line in told) == 1


def test_or_they_are_made_one(folder):
    made = kb.build(placed(A, B, C, NEWER, NEWER), folder, merge=True)
    assert made == kb.Summary(entities=3, names=5, replaced=0, merged=2)
    both = Entry("b", "乙", ("一", "新乙"), ("T", "U"), "老二\n又是老二", (("排行", "2"), ("新", "是")))
    assert [*kb.open(folder)] == [A, both, C]
    assert merged(B, NEWER) == both


def test_an_update_replaces_and_adds(folder):
    kb.build(placed(A, B), folder)
    earlier = kb.open(folder)
    made = kb.build(placed(NEWER, C), folder, earlier=earlier)
    assert made == kb.Summary(entities=3, names=5, replaced=1, merged=0)
    base = kb.open(folder)
    assert [*base] == [A, NEWER, C]
    assert base.candidates("乙") == ["b"]
    assert base.candidates("一") == ["b", "c"]
    assert [*earlier] == [A, B]  # what is open stays as it was
    assert list(folder.parent.iterdir()) == [folder]


def test_an_update_may_become_another_base(folder, tmp_path):
    kb.build(placed(A, B), folder)
    kb.build(placed(C), tmp_path / "other", earlier=kb.open(folder))
    assert [*kb.open(folder)] == [A, B]
    assert [*kb.open(tmp_path / "other")] == [A, B, C]


def test_what_an_update_replaces_leaves_no_trace_in_the_next(folder):
    kb.build(placed(A, B), folder)
    size = kb.open(folder).manifest["sizes"][_folder.ENTITIES]
    for entry in (NEWER, B):
        kb.build(placed(entry), folder, earlier=kb.open(folder))
    kb.build(placed(A), folder, earlier=kb.open(folder))
    assert kb.open(folder).manifest["sizes"][_folder.ENTITIES] < 2 * size


def test_in_an_update_new_entities_with_one_id_stop_the_build_too(folder):
    kb.build(placed(A, B), folder)
    with pytest.raises(IEError, match=r"n\.jsonl:3: id 'b' is at n\.jsonl:1, too"):
        kb.build(placed(NEWER, C, B, path="n.jsonl"), folder, earlier=kb.open(folder))
    assert [*kb.open(folder)] == [A, B]


def test_an_older_base_stays_until_the_new_one_is_whole(folder):
    kb.build(placed(A), folder)

    def broken():
        yield from placed(B)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        kb.build(broken(), folder)
    assert [*kb.open(folder)] == [A]
    assert list(folder.parent.iterdir()) == [folder]
    kb.build(placed(B), folder)
    assert [*kb.open(folder)] == [B]


def test_no_entity_is_no_base(folder):
    with pytest.raises(IEError, match="kb: no entity to build a base of"):
        kb.build([], folder)
    assert not folder.exists()


def test_what_is_no_base_is_not_replaced(folder):
    folder.mkdir()
    (folder / "thesis.txt").write_text("x")
    with pytest.raises(IEError, match="kb: is there already and no knowledge base; name another folder"):
        kb.build(placed(A), folder)
    assert (folder / "thesis.txt").read_text() == "x"


def test_an_empty_folder_may_be_filled(folder):
    folder.mkdir()
    kb.build(placed(A), folder)
    assert len(kb.open(folder)) == 1


# --- Opening what is no base ---------------------------------------------------------------------


def test_a_folder_that_is_no_base_says_how_to_make_one(folder):
    with pytest.raises(IEError, match=r"kb: no knowledge base; make one with `ie kb build KB -o .*kb`"):
        kb.open(folder)


def test_another_version_is_told(folder):
    kb.build(placed(A), folder)
    manifest = json.loads((folder / _folder.MANIFEST).read_text())
    (folder / _folder.MANIFEST).write_text(json.dumps(manifest | {"version": "2-little", "ie": "9.9", "sizes": {}}))
    with pytest.raises(IEError, match=rf"has version 2-little \(ie 9\.9\), this ie .* reads {_folder.VERSION}; build"):
        kb.open(folder)


@pytest.mark.parametrize("name", _folder.FILES)
def test_a_copy_that_is_not_whole_is_told(folder, tmp_path, name):
    kb.build(placed(A, B), folder)
    path = shutil.copytree(folder, tmp_path / "copy") / name
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IEError, match=rf"{name}: has \d+ bytes, not \d+; copy the base again, or build it again"):
        kb.open(path.parent)
    path.unlink()
    with pytest.raises(IEError, match=f"{name}: is missing; copy the base again"):
        kb.open(path.parent)


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"version": 1}'])
def test_a_note_that_is_none_is_told(folder, content):
    kb.build(placed(A), folder)
    (folder / _folder.MANIFEST).write_text(content)
    with pytest.raises(IEError, match=r"base\.json: not the note of a knowledge base"):
        kb.open(folder)


def test_a_damaged_index_is_told(folder):
    kb.build(placed(A), folder)
    path = folder / _folder.NAMES
    path.write_bytes(b"x" * path.stat().st_size)
    with pytest.raises(IEError, match=r"names\.trie: damaged; copy the base again"):
        kb.open(folder)


@pytest.mark.parametrize(("name", "content"), [(_folder.ENTITIES, b"x"), (_folder.NAME_IDS, b"\xff")])
def test_damage_within_a_file_is_told_where_it_is_read(folder, name, content):
    kb.build(placed(A), folder)
    path = folder / name
    path.write_bytes(content * path.stat().st_size)
    base = kb.open(folder)
    with pytest.raises(IEError, match=rf"{name}: damaged; copy the base again"):
        base.entity(base.candidates("甲")[0])


@pytest.mark.parametrize("what", _folder.COUNTS)
def test_a_note_without_a_count_is_told(folder, what):
    kb.build(placed(A), folder)
    manifest = json.loads((folder / _folder.MANIFEST).read_text())
    del manifest[what]
    (folder / _folder.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(IEError, match=rf"base\.json: damaged \({what} is missing\)"):
        kb.open(folder)


# --- Writing -------------------------------------------------------------------------------------


@pytest.mark.parametrize("manifest", ["base", "{}"])
def test_files_of_others_beside_a_base_are_not_removed(folder, manifest):
    kb.build(placed(A), folder)
    if manifest != "base":  # the note of something else
        (folder / _folder.MANIFEST).write_text(manifest)
    (folder / "thesis.txt").write_text("x")
    with pytest.raises(IEError, match=r"kb: holds thesis\.txt, too, which is no part of a base; name another folder"):
        kb.build(placed(B), folder)
    assert (folder / "thesis.txt").read_text() == "x"


def test_of_a_link_what_it_points_to_is_replaced(folder, tmp_path):
    kb.build(placed(A), folder)
    link = tmp_path / "link"
    link.symlink_to("kb")
    kb.build(placed(B), link)
    assert link.is_symlink() and [*kb.open(folder)] == [B]
    assert sorted(tmp_path.iterdir()) == [folder, link]


@pytest.fixture
def heard():
    """What runs in the background of a shell ignores Ctrl-C."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_a_signal_does_not_part_a_base_from_its_name(folder, heard, monkeypatch):
    kb.build(placed(A), folder)
    rename = type(folder).rename

    def interrupted(path, target):
        done = rename(path, target)
        signal.raise_signal(signal.SIGINT)
        return done

    monkeypatch.setattr(type(folder), "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        kb.build(placed(B), folder)
    assert [*kb.open(folder)] == [B]


@pytest.mark.parametrize(("size", "reason"), [(10, "File too large"), (200, "is there room on the disk")])
def test_a_disk_without_room_is_told_by_the_name_of_the_base(folder, room, size, reason):
    """The size is enough for no file, or for all but the tries."""
    kb.build(placed(A), folder)
    with room(size), pytest.raises(OSError, match=reason) as raised:
        kb.build(placed(B), folder)
    assert raised.value.filename == str(folder)
    assert [*kb.open(folder)] == [A] and list(folder.parent.iterdir()) == [folder]
