"""Studies on a Dask scheduler with workers that are processes, as on several machines."""

import csv
import sys
from collections import Counter
from time import monotonic, sleep

import pytest

from mridiff.errors import ConfigError, DataError
from mridiff_sdk.study import Part
from mridiff_sdk.study.bench import Cell
from mridiff_sdk.study.cluster import Cluster, made
from mridiff_sdk.study.workers import Address

COSTS = {"seconds", "peak_memory_mb"}


@pytest.fixture
def scheduler(package, tmp_path, monkeypatch):
    """The address of a scheduler with two workers, which see the package with studies."""
    distributed = pytest.importorskip("distributed", reason="needs mridiff-sdk[cluster]")
    monkeypatch.setenv("ACME_DEATHS", str(tmp_path))
    options = {"n_workers": 2, "threads_per_worker": 2, "processes": True, "dashboard_address": None, "silence_logs": 50}
    with distributed.LocalCluster(**options, local_directory=str(tmp_path / "scratch")) as cluster:
        yield cluster.scheduler_address


def _numbers(folder):
    with (folder / "table.csv").open() as file:
        return [tuple(row.items()) for row in csv.DictReader(file) if row["metric"] not in COSTS]


@pytest.mark.slow
def test_a_cluster_gives_the_numbers_of_one_process_to_the_bit_and_loses_no_cell(run, scheduler, tmp_path):
    alone = run(threads=2)
    (tmp_path / "out").rename(tmp_path / "one")
    seen = []
    results = run(threads=2, scheduler=scheduler, report=lambda progress, result: seen.append((progress.workers, result)))
    assert _numbers(tmp_path / "out") == _numbers(tmp_path / "one") and seen[0][0] == 2
    assert results["machine"] == alone["machine"] and "2 threads" in alone["machine"]
    results = run("deadly", out="deadly", scheduler=scheduler)
    values = {row: v["mae"] for row, v in results["scans"]["few scans"]["values"].items()}
    assert None not in values["filled"] + values["once"] and values["twice"] == [0, None, 0]
    assert [f["cell"] for f in results["failed"]] == ["few scans, scan 1, twice, seed 0"] and "died, 2 times" in results["failed"][0][
        "message"
    ]
    begun = Counter((tmp_path / "begun").read_text().splitlines())
    assert begun == {f"{times} s{i}": 1 + (i == 1) for times in (1, 2) for i in range(3)}  # but for what died, nothing is made twice
    assert run("deadly", out="deadly", scheduler=scheduler)["failed"] == [] and not list((tmp_path / "deadly").rglob("*begun*"))


def test_a_machine_without_the_folder_says_so(tmp_path):
    result = made(Address("toy", None, tmp_path, ".partial-", 1), Cell("few scans", 0, "filled", 0), "run")
    assert f"{tmp_path} is not on" in result.error["message"] and "share" in result.error["hint"]


def test_without_dask_its_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ConfigError, match="Dask is not installed") as told:
        Cluster("tcp://127.0.0.1:1")
    assert "mridiff-sdk[cluster]" in told.value.hint


def test_no_scheduler_there_is_said_before_anything_is_made(run, tmp_path, monkeypatch):
    pytest.importorskip("distributed", reason="needs mridiff-sdk[cluster]")
    monkeypatch.setattr("mridiff_sdk.study.cluster.SECONDS", 1)
    with pytest.raises(DataError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:1"):
        run(scheduler="tcp://127.0.0.1:1")
    assert not (tmp_path / "out").exists()


def test_a_scheduler_without_workers_is_not_waited_for_for_ever(run, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed", reason="needs mridiff-sdk[cluster]")
    monkeypatch.setattr("mridiff_sdk.study.cluster.LOOK", 0.1)
    monkeypatch.setattr("mridiff_sdk.study.cluster.ALONE", 0.5)
    told = pytest.raises(DataError, match=r"no worker has been at the Dask scheduler for 0\.5 s")
    with distributed.LocalCluster(n_workers=0, dashboard_address=None, silence_logs=50) as cluster, told as found:
        run(scheduler=cluster.scheduler_address)
    assert "dask worker" in found.value.hint


def test_a_result_that_is_looked_at_for_long_counts_as_a_sign_of_a_worker(monkeypatch):
    """A worker may be away just when the next one is asked for; only then does the time without any begin."""

    class Coming:
        def __init__(self):
            self.left, self.ready = 2, 0.0

        def count(self):
            return self.left

        def has_ready(self):
            return monotonic() >= self.ready

        def __next__(self):
            self.left -= 1
            return self.left

    monkeypatch.setattr("mridiff_sdk.study.cluster.LOOK", 0.01)
    monkeypatch.setattr("mridiff_sdk.study.cluster.ALONE", 0.5)
    monkeypatch.setattr(Cluster, "__len__", lambda _: 0)
    coming, seen = Coming(), []
    for future in Cluster.__new__(Cluster)._patiently(coming):
        seen.append(future)
        sleep(0.7 * (future == 1))
        coming.ready = monotonic() + 0.1
    assert seen == [1, 0]


def test_peak_memory_is_not_measured_on_a_cluster(run):
    with pytest.raises(ConfigError, match="a process of its own"):
        run("apart", Part(scans=1), scheduler="tcp://127.0.0.1:1")
