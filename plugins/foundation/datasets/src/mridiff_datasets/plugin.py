"""What this package offers."""

from __future__ import annotations

from collections.abc import Iterable

from mridiff import hookimpl
from mridiff.spec import Citation, DatasetSpec, Trait

OFFERS = frozenset({Trait.MASK, Trait.MAPS, Trait.REFERENCE, Trait.GAUSSIAN_NOISE})
ANYWHERE = frozenset({Trait.TRAJECTORY, Trait.MAPS, Trait.REFERENCE, Trait.GAUSSIAN_NOISE})
ISMRMRD = Citation("ISMRM Raw data format: a proposed standard for MRI raw datasets", 2017, "10.1002/mrm.26089")
BIDS = Citation("The brain imaging data structure, a format for organizing and describing outputs of neuroimaging experiments", 2016,
                "10.1038/sdata.2016.44")  # fmt: skip
FASTMRI = Citation("fastMRI: an open dataset and benchmarks for accelerated MRI", 2018)


@hookimpl
def mridiff_datasets() -> Iterable[DatasetSpec]:
    """File formats, folders of them, an embedded scan, still and in motion, held-out heads, and a simulated cine series."""
    return [
        DatasetSpec(name="fastmri", summary="fastMRI HDF5 volumes, full or test set, one scan per slice",
                    target="mridiff_datasets.fastmri:FastMRI", offers=OFFERS, reads=(".h5", ".hdf5"), source=FASTMRI),
        DatasetSpec(name="ismrmrd", summary="raw ISMRMRD files, 2-D, on a grid or along a trajectory",
                    target="mridiff_datasets.ismrmrd:ISMRMRD", offers=OFFERS | {Trait.TRAJECTORY},
                    reads=(".h5", ".hdf5", ".mrd"), source=ISMRMRD),
        DatasetSpec(name="nifti", summary="NIfTI images with a simulated multi-coil acquisition",
                    target="mridiff_datasets.nifti:NIfTI", offers=OFFERS, reads=(".nii", ".nii.gz")),
        DatasetSpec(name="bids", summary="anatomical images of a BIDS data set, by subject, with a simulated multi-coil acquisition",
                    target="mridiff_datasets.bids:BIDS", offers=OFFERS, reads=(".nii", ".nii.gz"), source=BIDS),
        DatasetSpec(name="dicom", summary="DICOM series as reference images, with a simulated multi-coil acquisition",
                    target="mridiff_datasets.dicom:DICOM", offers=OFFERS, reads=(".dcm", ".ima")),
        DatasetSpec(name="arrays", summary="arrays of k-space or images: HDF5, NumPy, MATLAB, BART",
                    target="mridiff_datasets.arrays:Arrays", offers=OFFERS, reads=(".h5", ".hdf5", ".npz", ".npy", ".mat", ".cfl")),
        DatasetSpec(name="folder", summary="a folder of scans in any of these formats, each file by the dataset that fits",
                    target="mridiff_datasets.folder:Folder", offers=OFFERS | {Trait.TRAJECTORY},
                    reads=(".h5", ".hdf5", ".mrd", ".npz", ".npy", ".mat", ".cfl", ".nii", ".nii.gz", ".dcm", ".ima")),
        DatasetSpec(name="brain", summary="embedded scan: measured one-channel head, coil maps simulated",
                    target="mridiff_datasets.brain:Brain", offers=OFFERS),
        DatasetSpec(name="held-out-heads", summary="the scans to measure on: heads and hearts that no shipped weights have seen",
                    target="mridiff_datasets.held_out:HeldOutHeads", offers=OFFERS),
        DatasetSpec(name="measured-series", summary="measured series over echo times, inversion times or a heart beat, undersampled in k-t",
                    target="mridiff_datasets.measured_series:MeasuredSeries", offers=OFFERS),
        DatasetSpec(name="echo-planar-head", summary="a measured head in its measured field, displaced by an echo-planar train",
                    target="mridiff_datasets.echo_planar_head:EchoPlanarHead", offers=OFFERS),
        DatasetSpec(name="noncartesian-brain", summary="the embedded head, sampled along spokes or spirals by simulated coils",
                    target="mridiff_datasets.noncartesian:NonCartesianBrain", offers=ANYWHERE),
        DatasetSpec(name="noncartesian-heads", summary="held-out heads and hearts, sampled along spokes or spirals",
                    target="mridiff_datasets.noncartesian:NonCartesianHeads", offers=ANYWHERE),
        DatasetSpec(name="cine", summary="simulated cine of a beating heart, one coil, lines interleaved over time",
                    target="mridiff_datasets.cine:Cine", offers=OFFERS - {Trait.MAPS}),
        DatasetSpec(name="coil-cine", summary="the beating heart of cine seen by several coils, lines interleaved over time",
                    target="mridiff_datasets.coil_cine:CoilCine", offers=OFFERS),
        DatasetSpec(name="noncartesian-cine", summary="the beating heart of cine seen by several coils along golden-angle spokes",
                    target="mridiff_datasets.coil_cine:NonCartesianCine", offers=ANYWHERE),
        DatasetSpec(name="qsm-phantom", summary="simulated local fields of drawn brains, for susceptibility mapping",
                    target="mridiff_datasets.qsm:QsmPhantom", offers=frozenset({Trait.REFERENCE, Trait.GAUSSIAN_NOISE})),
        DatasetSpec(name="local-field", summary="local fields in NIfTI files, with a brain mask, for susceptibility mapping",
                    target="mridiff_datasets.local_field:LocalField", reads=(".nii", ".nii.gz"),
                    offers=frozenset({Trait.REFERENCE, Trait.GAUSSIAN_NOISE})),
        DatasetSpec(name="sim-fmri", summary="simulated fMRI responses to drawn pictures, no measurement in k-space",
                    target="mridiff_datasets.sim_fmri:SimFMRI", offers=frozenset({Trait.REFERENCE, Trait.NO_MEASUREMENT})),
        DatasetSpec(name="fmri-responses", summary="fMRI responses to pictures, arrays of trials or NIfTI betas with a mask",
                    target="mridiff_datasets.fmri_responses:FmriResponses", reads=(".h5", ".hdf5", ".npz", ".mat", ".nii", ".nii.gz"),
                    offers=frozenset({Trait.REFERENCE, Trait.NO_MEASUREMENT})),
        DatasetSpec(name="moving-brain", summary="embedded head moved between the shots of a scan; coils and motion simulated",
                    target="mridiff_datasets.moving:MovingBrain", offers=OFFERS | {Trait.MOTION}),
        DatasetSpec(name="moving-heads", summary="held-out heads that move between shots or lines; coils and motion simulated",
                    target="mridiff_datasets.moving_heads:MovingHeads", offers=OFFERS | {Trait.MOTION}),
        DatasetSpec(name="pet-mr-phantom", summary="simulated head seen by PET and MR: sinogram counts and undersampled k-space",
                    target="mridiff_datasets.pet_mr:PetMrPhantom", offers=frozenset({Trait.MASK, Trait.REFERENCE, Trait.BLOCK_NOISE})),
        DatasetSpec(name="pet-mr-images", summary="a PET and an MR image of one head, NIfTI or arrays, both acquisitions simulated",
                    target="mridiff_datasets.pet_mr_images:PetMrImages", reads=(".h5", ".hdf5", ".npz", ".nii", ".nii.gz"),
                    offers=frozenset({Trait.MASK, Trait.REFERENCE, Trait.BLOCK_NOISE})),
        DatasetSpec(name="pet-mr-sinograms", summary="measured PET sinograms beside MR k-space or images, arrays of a file",
                    target="mridiff_datasets.pet_mr_sinograms:PetMrSinograms", reads=(".h5", ".hdf5", ".npz"),
                    offers=frozenset({Trait.MASK, Trait.BLOCK_NOISE})),
    ]  # fmt: skip
