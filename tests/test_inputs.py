"""Files as they come, from the shell: what is left out is said, what cannot be right is refused, and one bad file stops no other."""

import json

import h5py
import numpy as np
import pytest
from typer.testing import CliRunner

from mridiff.cli.app import application


@pytest.fixture
def head(scan_file):
    """K-space (coil, ky, kx) and coil maps of the shared scan."""
    with h5py.File(scan_file) as f:
        return f["kspace"][()], f["sensitivity_maps"][()]


def write(path, **arrays):
    with h5py.File(path, "w") as f:
        for name, values in arrays.items():
            f[name] = values
    return path


def test_a_folder_of_formats_with_damaged_and_foreign_files(mridiff, head, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    k, maps = head
    write(folder / "a.h5", kspace=np.stack([k, k]), ismrmrd_header="none")
    write(folder / "b.h5", kspace=k, sensitivity_maps=maps)
    (folder / "c.h5").write_bytes((folder / "b.h5").read_bytes()[:6000])
    (folder / "d.dat").write_bytes(bytes(99))
    (folder / "README.md").write_text("about these scans")
    done = mridiff("recon", "zero-filled", folder, "-R", "2", "-o", tmp_path / "out")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    assert {p.name for p in (tmp_path / "out").iterdir() if p.is_dir()} == {"a-s000", "a-s001", "b"}
    assert "c.h5" in done.stderr and "truncated" in done.stderr and "d.dat" in done.stderr and "siemens_to_ismrmrd" in done.stderr
    assert "README" not in done.stderr
    record = json.loads((tmp_path / "out" / "record.json").read_text())
    assert len(record["scans"]) == 3 and len(record["failed"]) == 2
    assert record["config"]["dataset"]["use"].endswith("/folder")


def test_a_file_is_inspected_before_anyone_waits(head, tmp_path, monkeypatch):
    k, maps = head
    (tmp_path / "in").mkdir()
    write(tmp_path / "in" / "a.h5", kspace=k, csm=maps)
    (tmp_path / "in" / "b.h5").write_bytes((tmp_path / "in" / "a.h5").read_bytes()[:6000])

    def raw(self, entry):
        raise AssertionError("a scan is read")

    monkeypatch.setattr("mridiff_datasets.arrays.Arrays.raw", raw)
    told, damaged = json.loads(CliRunner().invoke(application(), ["inspect", str(tmp_path / "in"), "--json"]).output)
    assert told["measured"]["y"] == dict(zip(("coil", "ky", "kx"), k.shape, strict=True)) and "csm" in told["left_out"][0]
    assert "cg-sense" in told["fits"] and {"gldm", "tkd", "mc-diffusion"} <= told["does_not_fit"].keys()
    assert damaged["scans"] == 0 and not damaged["fits"] and "truncated" in damaged["left_out"][0]
    shown = CliRunner().invoke(application(), ["inspect", str(tmp_path / "in" / "a.h5"), "--why"]).output
    assert f"(coil, y, x) = {k.shape}" in shown and "fits " in shown and "brain_mask" in shown


def test_show_says_which_files_a_method_takes_and_what_they_hold():
    def shown(*words):
        return CliRunner().invoke(application(), ["show", *words]).output

    text = shown("mc-diffusion")
    assert "pet-mr-images" in text and "pet-mr-sinograms" in text and "mridiff recon mc-diffusion FILE -o out" in text
    *_, method = json.loads(shown("mc-diffusion", "--json"))  # after the sampler of that name
    assert [f["dataset"] for f in method["files"]] == ["pet-mr-images", "pet-mr-sinograms"]
    assert "`sinogram` (angle, bin)" in shown("pet-mr-sinograms") and "fmri-responses" in shown("neuraldiffuser")
    assert {"fastmri", "nifti", "arrays"} <= {f["dataset"] for f in json.loads(shown("dpir", "--json"))[-1]["files"]}


def test_a_measurement_of_blocks_is_inspected(tmp_path):
    np.savez(tmp_path / "a.npz", pet=np.ones((12, 12)), mr=np.ones((12, 12)))
    told = CliRunner().invoke(application(), ["inspect", str(tmp_path / "a.npz"), "--json"])
    (contents,) = json.loads(told.output)
    assert set(contents["fits"]) == {"mc-diffusion", "mc-diffusion-independent", "pet-mr-classical"}
    words = " ".join(CliRunner().invoke(application(), ["inspect", str(tmp_path / "a.npz")]).output.split())
    assert "y0 (angle, bin) = (60, 18) and y1 (ky, kx) = (12, 12), with angles, mask, scale" in words


def test_a_series_is_inspected_as_it_will_be_read(head, tmp_path):
    k, _ = head
    path, series = tmp_path / "a.npz", "dataset.options.series=frames"
    np.savez(path, kspace=np.stack([k, k, k]), axes=np.array(["t", "coil", "y", "x"]))

    def told(*options):
        return CliRunner().invoke(application(), ["inspect", str(path), "--json", *options])

    (apart,), (one,) = json.loads(told().output), json.loads(told("--set", series).output)
    assert apart["scans"] == 3 and apart["holds"]["as one scan"] == f"3 frames by --set {series}" and "cg-sense" in apart["fits"]
    assert one["scans"] == 1 and list(one["measured"]["y"]) == ["coil", "t", "ky", "kx"] and "cg-sense" in one["fits_with"]["kt-sense"]
    assert "as one scan" not in one["holds"] and not set(one["fits"]) & set(one["fits_with"]["kt-sense"])
    wrong = told("--set", "sampler.use=tv", "--set", "dataset.use=arrays")
    assert wrong.exit_code == 2 and "sampler" in wrong.output and "dataset" in wrong.output


def test_an_operator_that_fails_as_nobody_foresaw_does_not_hide_the_others(head, tmp_path, monkeypatch):
    def for_scan(*_, **__):
        raise ValueError("no such luck")

    monkeypatch.setattr("mridiff_operators.sense.SenseOperator.for_scan", for_scan)
    (told,) = json.loads(CliRunner().invoke(application(), ["inspect", str(write(tmp_path / "a.h5", kspace=head[0])), "--json"]).output)
    assert told["does_not_fit"]["cg-sense"] == "ValueError: no such luck" and told["fits"]


def test_what_a_reader_notes_is_told_once_and_recorded(mridiff, head, tmp_path):
    k, _ = head
    path = write(tmp_path / "a.h5", kspace=np.stack([k, k]))
    done = mridiff("recon", "zero-filled", path, "-R", "4", "-o", tmp_path / "out", "--set", "dataset.options.center_fraction=0.03")
    assert done.returncode == 0 and done.stderr.count("the coil maps rest on") == 1
    record = json.loads((tmp_path / "out" / "record.json").read_text())
    assert all("the coil maps rest on" in scan["notes"][0] for scan in record["scans"])
    done = mridiff(
        "compare", "zero-filled,cg-sense", path, "-R", "4", "-o", tmp_path / "b", "--set", "dataset.options.center_fraction=0.03"
    )
    assert done.returncode == 0 and done.stderr.count("the coil maps rest on") == 1


def test_kspace_with_its_origin_in_the_corner_is_refused(mridiff, head, tmp_path):
    k, _ = head
    path = write(tmp_path / "a.h5", kspace=np.fft.ifftshift(k, (-2, -1)))
    done = mridiff("recon", "cg-sense", path, "-R", "3", "-o", tmp_path / "out")
    assert done.returncode == 2 and "origin is not at the centre" in done.stderr and "fftshift" in done.stderr


def test_a_full_scan_is_not_scored_against_itself(mridiff, head, tmp_path):
    k, maps = head
    path = write(tmp_path / "a.h5", kspace=k, sensitivity_maps=maps)
    for acceleration, scored in ((1, False), (2, True)):
        out = tmp_path / f"out{acceleration}"
        assert mridiff("recon", "zero-filled", path, "-R", acceleration, "-o", out).returncode == 0
        assert ("x" in json.loads((out / "record.json").read_text())["scans"][0]["metrics"]) == scored
