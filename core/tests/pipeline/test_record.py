"""Hashes see every change of what they stand for, and nothing else; records are plain, sealed and complete."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mridiff.interfaces import Field, Gaussian, Geometry, Measured, Scan
from mridiff.interfaces.noise import Blocks, Poisson
from mridiff.pipeline.method import load
from mridiff.pipeline.record import data_hash, describe, digest, origin, recall, scan_record, sealed, weights_hash, write_json
from toy import CONFIG, Few, registry


def _measured():
    y = torch.arange(24, dtype=torch.float32).reshape(1, 4, 6).to(torch.complex64)
    fields = {"mask": Field(torch.ones(1, 4, 6), ("y", "x")), "other": Field(torch.zeros(1, 4, 6), ("y", "x"))}
    return Measured(y, Gaussian(0.1), fields, {"label": Field(torch.ones(1, 2), ("channel",))}, Geometry((1.0, 2.0)))


def _bumped(tensor):
    changed = tensor.clone()
    changed.view(-1)[7 % tensor.numel()] += 1
    return changed


def _field(field, **changes):
    return replace(field, **{k: v(getattr(field, k)) if callable(v) else v for k, v in changes.items()})


def _variants(m):
    mask, other, label = m.acquisition["mask"], m.acquisition["other"], m.conditions["label"]
    yield "one number of y", replace(m, y=_bumped(m.y))
    yield "type of y", replace(m, y=m.y.to(torch.complex128))
    yield "shape of y", replace(m, y=m.y.reshape(1, 6, 4))
    yield "no y", replace(m, y=None)
    yield "blocks of y", replace(m, y=(m.y,))
    yield "order of blocks", replace(m, y=(m.y, _bumped(m.y)))
    yield "other order of blocks", replace(m, y=(_bumped(m.y), m.y))
    yield "one number of the mask", replace(m, acquisition={"mask": _field(mask, data=_bumped), "other": other})
    yield "type of the mask", replace(m, acquisition={"mask": _field(mask, data=lambda d: d.double()), "other": other})
    yield "axes of the mask", replace(m, acquisition={"mask": _field(mask, axes=("ky", "kx")), "other": other})
    yield "two fields swapped", replace(m, acquisition={"mask": other, "other": mask})
    yield "a field less", replace(m, acquisition={"mask": mask})
    yield "one number of a condition", replace(m, conditions={"label": _field(label, data=_bumped)})
    yield "name of a condition", replace(m, conditions={"lebal": label})
    yield "a condition among the acquisition", replace(m, acquisition={**m.acquisition, "label": label}, conditions={})
    yield "noise level", replace(m, noise=Gaussian(0.2))
    yield "noise level as tensor", replace(m, noise=Gaussian(torch.tensor([0.2])))
    yield "noise weight", replace(m, noise=Gaussian(0.1, torch.ones(1, 4, 6)))
    yield "kind of noise", replace(m, noise=Poisson(0.1))
    yield "blocks of noise", replace(m, noise=Blocks((Gaussian(0.1), Poisson(0.1))))
    yield "geometry", replace(m, geometry=Geometry((2.0, 1.0)))


def test_every_change_of_the_data_changes_their_hash():
    found = {name: data_hash(v) for name, v in _variants(_measured())} | {"as it is": data_hash(_measured())}
    twins = {name for name, sha in found.items() if list(found.values()).count(sha) > 1}
    assert not twins and all(len(sha) == 64 for sha in found.values())


def test_equal_data_have_equal_hashes_however_they_lie_in_memory():
    m = _measured()
    turned = replace(m, y=m.y.mT.contiguous().mT, acquisition=dict(reversed(m.acquisition.items())))
    conjugate = replace(m, y=m.y.conj().clone().conj())
    assert data_hash(m) == data_hash(_measured()) == data_hash(turned) == data_hash(conjugate)


def test_the_truth_has_a_hash_of_its_own():
    method, scan = load(CONFIG, registry()), Few()[0]
    other = replace(scan, truth={"x": replace(scan.truth["x"], data=_bumped(scan.truth["x"].data))})
    a, b = (origin(describe(method), s) for s in (scan, other))
    assert a["data_sha256"] == b["data_sha256"] and a["reference_sha256"] != b["reference_sha256"]


def test_every_change_of_the_weights_changes_their_hash():
    torch_module = torch.nn.BatchNorm1d(3)  # has parameters, buffers, and a number without axes
    found = [weights_hash(torch_module)]
    for name, value in torch_module.state_dict().items():
        before = value.clone()
        value.add_(1)
        found.append(weights_hash(torch_module))
        value.copy_(before)
        assert found[-1] != found[0], name
    assert weights_hash(torch_module) == found[0] and len(set(found)) == 6
    method = load(CONFIG, registry())
    module = method.priors["prior"]
    module.weight = torch.nn.Parameter(torch.zeros(2))
    first = describe(method)["weights_sha256"]
    module.weight.data[1] = 1e-7
    assert describe(method)["weights_sha256"] != first


def test_a_digest_tells_names_types_and_shapes_apart():
    x = torch.zeros(4)
    parts = [("a", x), ("b", x), ("a", x.double()), ("a", x.int()), ("a", x.reshape(2, 2)), ("a", torch.zeros(0)), ("a", torch.tensor(0.0)),
             ("a", None), ("a", 0), ("a", "0"), ("a", x == 1)]  # fmt: skip
    assert len({digest([p]) for p in parts}) == len(parts)
    assert digest([("a", x), ("b", x)]) != digest([("b", x), ("a", x)])


def test_a_record_says_all_that_a_result_was_made_from():
    method = load(CONFIG, registry(), seed=5, samples=2)
    scan = Few()[0]
    record = scan_record(method(scan), origin(describe(method), scan))
    assert json.loads(json.dumps(record)) == record
    assert record["seed"] == 5 and record["samples"] == 2 and record["threads"] == torch.get_num_threads() and record["device"] == "cpu"
    assert record["data_sha256"] == data_hash(scan.measured) and record["weights_sha256"] == {"prior": weights_hash(method.priors["prior"])}
    assert record["versions"]["torch"] == torch.__version__ and record["config"]["sampler"]["options"]["steps"] == 3
    assert record["scale"] == pytest.approx(float(scan.measured.y.abs().max()))


def test_a_sealed_record_stands_for_its_files_and_origin(tmp_path):
    (tmp_path / "a.bin").write_bytes(b"1")
    made_from = {"id": "s", "config": {"seed": 0}}
    write_json(tmp_path / "record.json", sealed({**made_from, "nan": float("nan"), "path": Path("x")}, [tmp_path / "a.bin"]))
    record, why = recall(tmp_path, made_from)
    assert why == "" and record["path"] == "x" and len(record["sha256"]) == 64
    assert recall(tmp_path / "none", made_from) == (None, "")
    assert recall(tmp_path, {**made_from, "weights_sha256": {}, "id": "t"})[1] == "it was made from other id, weights"
    (tmp_path / "a.bin").write_bytes(b"2")
    assert recall(tmp_path, {"id": "t"}) == (None, "it was made from other id and a.bin is missing or changed")


def test_a_record_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "record.json"
    write_json(path, {"a": 1})

    def half(self, text):
        self.write_bytes(text.encode()[:3])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(OSError, match="No space"):
        write_json(path, {"a": 2})
    assert json.loads(path.read_text()) == {"a": 1} and list(tmp_path.iterdir()) == [path]


def test_an_unscored_scan_has_no_reference_to_compare():
    scan = Few()[0]
    blind = Scan(scan.id, scan.measured)
    head = describe(load(CONFIG, registry()))
    assert origin(head, blind)["reference_sha256"] != origin(head, scan)["reference_sha256"]
