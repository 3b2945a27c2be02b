"""The XML header of ISMRMRD data (Inati et al., Magn. Reson. Med. 77, 2017), treated as untrusted; only geometry leaves this module."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from mridiff.errors import DataError, UnsafeInput

LONGEST = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Encoding:
    """What is needed of one encoding: sizes in samples and field of view in mm along (readout, phase, slice).

    `centre` are the encoding steps (1, 2) at the origin of k-space; `calibration` how calibration lines were taken ("embedded",
    "separate" ..., empty where it is not told); `bandwidth` that of noise over that of the receiver. Nothing about the subject or the
    study is kept.
    """

    trajectory: str
    matrix: tuple[int, int, int]
    fov: tuple[float, float, float]
    recon_fov: tuple[float, float, float]
    centre: tuple[int, int]
    calibration: str
    bandwidth: float

    @property
    def cartesian(self) -> bool:
        """Whether samples lie on a grid."""
        return self.trajectory == "cartesian"

    @property
    def grid(self) -> tuple[int, ...]:
        """Samples of k-space as encoded, (ky, kx), of a volume (kz, ky, kx)."""
        nx, ny, nz = self.matrix
        return (ny, nx) if nz == 1 else (nz, ny, nx)

    @property
    def plane(self) -> tuple[int, int]:
        """Pixels (y, x) of an image of the field of view that is kept, where samples lie off a grid: as fine as the readout is."""
        pixel = self.fov[0] / self.matrix[0]
        return max(1, round(self.recon_fov[1] / pixel)), max(1, round(self.recon_fov[0] / pixel))

    @property
    def kept(self) -> int:
        """Samples along the readout when its oversampling is gone."""
        nx = self.matrix[0]
        return max(1, min(nx, round(nx * self.recon_fov[0] / self.fov[0])))


def parse_header(text: str, source: str) -> tuple[Encoding, ...]:
    """The encodings that a header describes, at least one; raises UnsafeInput for entities and DataError for anything that is not a header.

    The text comes decoded, so the encoding that it declares is removed: it could make a parser read other letters than were checked.
    """
    if len(text) > LONGEST:
        raise UnsafeInput(f"{source}: the XML header has {len(text)} letters; at most {LONGEST} are read")
    if re.search(r"<!\s*(DOCTYPE|ENTITY)", text, re.IGNORECASE) or "\0" in text:
        raise UnsafeInput(f"{source}: the XML header defines entities, which can reach other files or grow without bound",
                          hint="An ISMRMRD header needs none; ask its author for a plain one.")  # fmt: skip
    body = re.sub(r"^\s*<\?xml[^>]*\?>", "", text.lstrip("\ufeff"))
    from ismrmrd import xsd  # 0.4 s

    try:
        header = xsd.CreateFromDocument(body)
        system = header.acquisitionSystemInformation
        bandwidth = 1.0 if system is None else float(system.relativeReceiverNoiseBandwidth or 1.0)
        first, *others = header.encoding
        return tuple(_encoding(e, source, bandwidth) for e in (first, *others))
    except (DataError, UnsafeInput):
        raise
    except Exception as error:  # the parser raises errors of several libraries
        raise DataError(f"{source}: the XML header cannot be read: {type(error).__name__}: {error}"[:500],
                        hint="It must follow the ISMRMRD schema, with at least one encoding.") from error  # fmt: skip


def _encoding(one: Any, source: str, bandwidth: float) -> Encoding:
    encoded, recon = one.encodedSpace, one.reconSpace
    matrix = (encoded.matrixSize.x, encoded.matrixSize.y, encoded.matrixSize.z)
    fov, recon_fov = ((s.fieldOfView_mm.x, s.fieldOfView_mm.y, s.fieldOfView_mm.z) for s in (encoded, recon))
    if not all(0 < n < 2**16 for n in matrix) or not all(0 < f < math.inf for f in (*fov, *recon_fov)) or not 0 < bandwidth < math.inf:
        raise DataError(f"{source}: the XML header states a matrix of {matrix}, fields of view of {fov} and {recon_fov} mm and a noise "
                        f"bandwidth of {bandwidth}", hint="All must be positive.")  # fmt: skip
    limits = one.encodingLimits.kspace_encoding_step_1, one.encodingLimits.kspace_encoding_step_2
    centre = [n // 2 if limit is None or n == 1 else int(limit.center) for n, limit in zip(matrix[1:], limits, strict=True)]
    mode = one.parallelImaging.calibrationMode if one.parallelImaging is not None else None
    return Encoding(str(one.trajectory.value), matrix, fov, recon_fov, (centre[0], centre[1]), "" if mode is None else str(mode.value),
                    bandwidth)  # fmt: skip
