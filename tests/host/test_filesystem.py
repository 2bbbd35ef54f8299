"""Where the journal goes, with mount tables made for the purpose."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from pluto.core import filesystem
from pluto.core.filesystem import Mount, Place, elsewhere, facts, journal_place, mount_of, mount_table, on_network

TABLE = r"""
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
40 27 0:40 / /home rw,relatime shared:2 master:1 - nfs4 server:/home rw,vers=4.2
41 40 0:41 / /home/me/my\040disk rw - xfs /dev/sdb1 rw
42 27 0:42 / /scratch rw - lustre 10.0.0.1@o2ib:/fs rw
43 27 0:43 / /mnt/s3 rw - fuse.s3fs s3fs rw
44 27 0:44 / /mnt/bind rw - fuse.bindfs x rw
45 27 0:45 / /tmp rw - tmpfs tmpfs rw
46 27 0:46 / /over rw - ext4 /dev/vdb rw
47 27 0:47 / /over rw - cifs //server/share rw
48 27 0:48 / /gone rw
""".lstrip()


@pytest.fixture
def mounts(tmp_path: Path) -> list[Mount]:
    table = tmp_path / "mountinfo"
    table.write_text(TABLE)
    return mount_table(table)


@pytest.mark.parametrize(
    ("path", "kind", "network"),
    [
        ("/srv/x", "ext4", False),
        ("/home/me", "nfs4", True),
        ("/homework", "ext4", False),
        ("/home/me/my disk/root", "xfs", False),
        ("/scratch", "lustre", True),
        ("/mnt/s3/a/b", "fuse.s3fs", True),
        ("/mnt/bind", "fuse.bindfs", False),
        ("/over/x", "cifs", True),
        ("/gone/x", "ext4", False),
    ],
)
def test_which_mount(mounts: list[Mount], path: str, kind: str, network: bool) -> None:
    mount = mount_of(Path(path), mounts)
    assert mount is not None
    assert mount.type == kind
    assert on_network(Path(path), mounts) is network


@pytest.mark.parametrize(
    "kind", ["nfs", "NFS4", "cifs", "smb3", "lustre", "gpfs", "ceph", "fuse.sshfs", "9p", "beegfs"]
)
def test_network_kinds(kind: str) -> None:
    assert Mount("/", kind).network


@pytest.mark.parametrize("kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "apfs", "fuseblk"])
def test_local_kinds(kind: str) -> None:
    assert not Mount("/", kind).network


def test_a_local_root_stays_where_it_is(tmp_path: Path) -> None:
    root = tmp_path / "root"
    assert journal_place(root, mounts=[Mount("/", "ext4")]) == Place(root / "sync", True, None)
    assert not root.exists(), "looking changes nothing"


def test_a_network_root_is_staged_on_a_disk_of_this_machine(tmp_path: Path) -> None:
    root, disk = tmp_path / "nfs" / "root", tmp_path / "disk"
    mounts = [Mount("/", "ext4"), Mount(str(tmp_path / "nfs"), "nfs4")]
    place = journal_place(root, mounts=mounts, candidates=[disk])
    assert place.wal
    assert place.folder.is_relative_to(disk)
    assert place.folder.is_dir()
    assert disk.stat().st_mode & 0o777 == 0o700
    assert place.note is not None
    assert "nfs4" in place.note
    assert str(place.folder) in place.note
    assert elsewhere(root) == {socket.gethostname(): place.folder}
    assert journal_place(root, mounts=mounts, candidates=[disk]) == place
    other = journal_place(tmp_path / "nfs" / "other", mounts=mounts, candidates=[disk])
    assert other.folder != place.folder, "roots do not mix"


@pytest.mark.parametrize("kind", ["tmpfs", "overlay", "nfs", "ramfs"])
def test_without_a_lasting_disk_the_journal_does_without_wal(tmp_path: Path, kind: str) -> None:
    root, other = tmp_path / "nfs" / "root", tmp_path / "other"
    mounts = [Mount("/", "ext4"), Mount(str(tmp_path / "nfs"), "nfs4"), Mount(str(other), kind)]
    place = journal_place(root, mounts=mounts, candidates=[other])
    assert (place.folder, place.wal) == (root / "sync", False)
    assert place.note is not None
    assert "PLUTO_DIR" in place.note
    assert elsewhere(root) == {}


def test_a_full_disk_or_one_of_another_user_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "nfs" / "root"
    mounts = [Mount("/", "ext4"), Mount(str(tmp_path / "nfs"), "nfs4")]
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o777)
    link = tmp_path / "link"
    link.symlink_to(tmp_path)
    unusable = tmp_path / "file"
    unusable.write_text("")
    for bad in (open_to_all, link, unusable):
        assert not journal_place(root, mounts=mounts, candidates=[bad]).wal, bad
    good = tmp_path / "good"
    assert journal_place(root, mounts=mounts, candidates=[open_to_all, good]).folder.is_relative_to(good)
    monkeypatch.setattr(filesystem, "FREE_MB", 1 << 40)
    assert not journal_place(root, mounts=mounts, candidates=[good]).wal


def test_pointers_of_other_machines_and_damaged_ones(tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    (folder / "node7.json").write_text('{"host": "node7", "path": "/var/tmp/x/sync"}')
    (folder / "node8.json").write_text("{")
    assert elsewhere(tmp_path) == {"node7": Path("/var/tmp/x/sync")}


def test_this_machine(tmp_path: Path) -> None:
    assert mount_table()
    told = facts(tmp_path / "not" / "yet")
    assert set(told) == {"root", "file_system", "network", "journal", "wal", "note", "free_mb"}
    assert told["journal"] == str(tmp_path / "not" / "yet" / "sync")


def test_a_hidden_table_counts_as_local(tmp_path: Path) -> None:
    assert mount_table(tmp_path / "missing") == []
    assert journal_place(tmp_path, mounts=[]).wal
