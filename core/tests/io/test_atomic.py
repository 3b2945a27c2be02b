"""Atomic writes and contained paths."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from mridiff.errors import ConfigError, UnsafeInput
from mridiff.io import atomic
from mridiff.io.atomic import contained, lock, to_disk, write_atomically
from mridiff.io.yaml import read_yaml


def test_the_file_appears_whole(tmp_path):
    path = tmp_path / "scan.nii.gz"
    with write_atomically(path) as temporary:
        temporary.write_text("new")
        assert temporary.parent == tmp_path
        assert temporary.suffixes == [".nii", ".gz"]
        assert not path.exists()
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_an_error_leaves_the_old_file_and_nothing_else(tmp_path, error):
    path = tmp_path / "record.json"
    path.write_text("old")

    def write():
        with write_atomically(path) as temporary:
            temporary.write_text("half")
            raise error

    with pytest.raises(error):
        write()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_unwritten_file_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), write_atomically(tmp_path / "record.json"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_take_its_place_is_removed(tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(OSError, match="out"), write_atomically(tmp_path / "out") as temporary:
        temporary.write_text("x")
    assert list(tmp_path.iterdir()) == [tmp_path / "out"]


def test_permissions_are_those_of_an_ordinary_file(tmp_path):
    (tmp_path / "plain").write_text("x")
    with write_atomically(tmp_path / "atomic") as temporary:
        temporary.write_text("x")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_file_is_on_the_disk_before_it_has_its_name_and_the_name_before_it_counts(tmp_path, monkeypatch):
    events, fsync, replace = [], os.fsync, Path.replace
    kind = {True: "folder", False: "file"}
    monkeypatch.setattr(os, "fsync", lambda h: (events.append(kind[stat.S_ISDIR(os.fstat(h).st_mode)]), fsync(h)))
    monkeypatch.setattr(Path, "replace", lambda self, to: (events.append("name"), replace(self, to))[1])
    with write_atomically(tmp_path / "a") as temporary:
        temporary.write_text("x")
    assert events == ["file", "name", "folder"]


def test_a_folder_that_cannot_be_brought_to_the_disk_is_no_failure_but_a_file_is(tmp_path, monkeypatch):
    def refuse(handle):
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(os, "fsync", refuse)
    to_disk(tmp_path)
    (tmp_path / "a").write_text("x")
    with pytest.raises(OSError, match="Invalid"):
        to_disk(tmp_path / "a")


def test_what_a_killed_process_left_bears_the_mark(tmp_path):
    with write_atomically(tmp_path / "a.json", ".mine-") as temporary:
        temporary.write_text("x")
        assert temporary == tmp_path / ".mine-a.json"
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_a_folder_is_held_by_one_until_it_lets_go(tmp_path):
    handle = lock(tmp_path)
    with pytest.raises(BlockingIOError):
        lock(tmp_path)
    os.close(handle)
    os.close(lock(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_a_lock_ends_with_its_process_however_that_ends(tmp_path):
    program = "import sys, time; from pathlib import Path; from mridiff.io.atomic import lock; lock(Path(sys.argv[1])); print('held', flush=True); time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout.readline() == "held\n"
            with pytest.raises(BlockingIOError):
                lock(tmp_path)
        finally:
            child.kill()
    os.close(lock(tmp_path))


def test_without_locks_nobody_is_kept_out(tmp_path, monkeypatch):
    def refuse(handle, operation):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(atomic.fcntl, "flock", refuse)
    handles = [lock(tmp_path), lock(tmp_path)]
    for handle in handles:
        os.close(handle)


def test_contained_path_resolves(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    assert contained(tmp_path, "link/b.yaml") == (tmp_path / "a" / "b.yaml").resolve()
    assert contained(tmp_path, Path("a")) == (tmp_path / "a").resolve()


def test_a_root_behind_a_link_is_fine(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / "root").symlink_to(tmp_path / "real")
    assert contained(tmp_path / "root", "f") == (tmp_path / "real" / "f").resolve()


@pytest.mark.parametrize("path", ["/etc/passwd", "C:\\x", "\\\\server\\x", "../x", "a/../../x", "a\\..\\x", "a/..", "nul\0"])
def test_escapes_by_text_are_refused(tmp_path, path):
    with pytest.raises(UnsafeInput):
        contained(tmp_path, path)


def test_escapes_by_link_are_refused(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "rootless").write_text("secret")
    (root / "file").symlink_to(tmp_path / "rootless")
    (root / "folder").symlink_to(tmp_path)
    (root / "loop").symlink_to(root / "loop")
    for path in ("file", "folder/rootless", "folder/new", "loop/x"):
        with pytest.raises(UnsafeInput):
            contained(root, path)


@pytest.mark.parametrize("name", ["pipe", "folder", "zero", "gone", "a\0b"])
def test_what_is_no_ordinary_file_is_refused_instead_of_waited_for(tmp_path, in_time, name):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "zero").symlink_to("/dev/zero")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_yaml(tmp_path / name)
