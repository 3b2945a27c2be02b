import pytest

from mridiff.errors import DataError, UnsafeInput
from mridiff_datasets.header import parse_header

GOOD = """<?xml version="1.0" encoding="UTF-16"?><ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD"><subjectInformation><patientName>Somebody</patientName></subjectInformation>
<experimentalConditions><H1resonanceFrequency_Hz>123</H1resonanceFrequency_Hz></experimentalConditions><encoding><encodedSpace><matrixSize><x>8</x><y>6</y><z>1</z></matrixSize>
<fieldOfView_mm><x>80</x><y>60</y><z>5</z></fieldOfView_mm></encodedSpace><reconSpace><matrixSize><x>4</x><y>6</y><z>1</z></matrixSize>
<fieldOfView_mm><x>40</x><y>60</y><z>5</z></fieldOfView_mm></reconSpace><encodingLimits><kspace_encoding_step_1><minimum>0</minimum><maximum>5</maximum>
<center>2</center></kspace_encoding_step_1></encodingLimits><trajectory>cartesian</trajectory></encoding></ismrmrdHeader>"""


def test_geometry_comes_out_and_the_subject_does_not():
    (encoding,) = parse_header(GOOD, "file")
    assert encoding.matrix == (8, 6, 1) and encoding.fov == (80, 60, 5) and encoding.recon_fov == (40, 60, 5)
    assert encoding.centre == (2, 0) and encoding.trajectory == "cartesian" and "Somebody" not in repr(encoding)
    assert encoding.calibration == "" and encoding.bandwidth == 1


def test_calibration_and_bandwidth_of_noise():
    calibration = ("<accelerationFactor><kspace_encoding_step_1>2</kspace_encoding_step_1><kspace_encoding_step_2>1"
                   "</kspace_encoding_step_2></accelerationFactor><calibrationMode>separate</calibrationMode>")  # fmt: skip
    text = GOOD.replace(
        "<trajectory>cartesian</trajectory>", f"<trajectory>cartesian</trajectory><parallelImaging>{calibration}</parallelImaging>"
    )
    system = (
        "<acquisitionSystemInformation><relativeReceiverNoiseBandwidth>0.79</relativeReceiverNoiseBandwidth></acquisitionSystemInformation>"
    )
    text = text.replace("<experimentalConditions>", f"{system}<experimentalConditions>")
    text = text.replace("</encoding>", "</encoding>" + GOOD[GOOD.index("<encoding>") : GOOD.index("</encoding>")] + "</encoding>")
    first, second = parse_header(text, "file")
    assert (first.calibration, first.bandwidth, second.calibration) == ("separate", 0.79, "")


@pytest.mark.parametrize("evil", ['<!DOCTYPE a [<!ENTITY b "c">]>', "<! doctype a>", "<!ENTITY x SYSTEM 'file:///etc/hostname'>", "\0"])
def test_entities_are_refused(evil):
    with pytest.raises(UnsafeInput, match="file: the XML header defines entities"):
        parse_header(evil + GOOD, "file")


def test_too_long_is_refused(monkeypatch):
    monkeypatch.setattr("mridiff_datasets.header.LONGEST", 100)
    with pytest.raises(UnsafeInput, match="letters"):
        parse_header(GOOD, "file")


@pytest.mark.parametrize("text", ["", "<a/>", "plain", GOOD[:200],
                                  GOOD.replace("<x>8</x>", "<x>0</x>"), GOOD.replace("<x>80</x>", "<x>NaN</x>"),
                                  GOOD.replace("cartesian", "zigzag")])  # fmt: skip
def test_what_is_no_header_is_a_data_error(text):
    with pytest.raises(DataError, match="file: the XML header"):
        parse_header(text, "file")
