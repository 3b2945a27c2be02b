"""What a sheet of robustness is made of, and which methods have none; its numbers are the study engine's."""

import json
import pickle
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch

from mridiff import Registry
from mridiff.errors import ConfigError
from mridiff_sdk.study import Altered, Robustness
from mridiff_sdk.study.again import study_of
from mridiff_sdk.study.workers import Address

REGISTRY = Registry.discover()


def test_one_thing_at_a_time_is_changed():
    study = Robustness("dps-mri")(REGISTRY)
    study.check("dps-mri-robustness", REGISTRY)
    (_, first), *others = study.scans.items()
    changed = [set(dict(node["options"]).items() ^ first["options"].items()) for _, node in others if not isinstance(node, Altered)]
    assert all(len({name for name, _ in pairs}) == 1 for pairs in changed)
    altered = {title: node for title, node in others if isinstance(node, Altered)}
    assert all(node.source == first for node in altered.values()) and len({node.scan for node in altered.values()}) == 3
    assert study.against == ("dps-mri",) and list(study.rows)[-1] == "dps-mri" and "dpir" in study.rows


def test_what_one_coil_does_not_have_is_left_out_and_said():
    study = Robustness("diffgan")(REGISTRY)
    assert not any("coil" in title for title in study.scans) and any("do not apply" in note for note in study.notes)
    assert all(row["operator"] == {"use": "operators/fourier"} for name, row in study.rows.items() if name != "diffgan")
    study.check("diffgan-robustness", REGISTRY)


@pytest.mark.parametrize(
    ("method", "why"), [("gldm", "over \\(t, y, x\\)"), ("diffusion-qsm", "real images"), ("neuraldiffuser", "no operator")]
)
def test_a_method_that_takes_no_such_scans_is_refused(method, why):
    with pytest.raises(ConfigError, match=why):
        Robustness(method)(REGISTRY)


def test_who_is_not_installed_is_left_out_and_said():
    study = replace(Robustness("dpir"), beside=("nobody", "tv", "tkd"))(REGISTRY)
    assert list(study.rows) == ["tv", "dpir"] and [n.split(" is left out")[0] for n in study.notes[1:]] == ["Nobody", "Tkd"]


def test_other_processes_and_repetitions_make_the_same_study():
    sheet = Robustness("tv", beside=("dpir",), count=2)
    address = pickle.loads(pickle.dumps(Address(sheet, None, Path(), "", torch.get_num_threads())))
    assert hash(address) == hash(Address(sheet, None, Path(), "", torch.get_num_threads())) and address.bench().study == sheet(REGISTRY)
    assert study_of(json.loads(json.dumps({"study": "tv-robustness", "robustness": asdict(sheet)})), REGISTRY) == sheet(REGISTRY)
