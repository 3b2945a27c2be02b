import importlib
import inspect
from dataclasses import is_dataclass
from typing import Annotated, get_args, get_origin, get_type_hints

from mridiff.interfaces import Dataset
from mridiff_datasets import options, plugin
from mridiff_datasets.files import SUFFIXES
from mridiff_datasets.folder import Folder
from mridiff_datasets.reader import Reader
from mridiff_sdk.sampling_patterns import PATTERNS


def classes():
    for spec in plugin.mridiff_datasets():
        module, _, name = spec.target.partition(":")
        yield spec, getattr(importlib.import_module(module), name)


def scans_of_images(cls):
    """Whether it reads k-space or images into scans of one kind; other files (fields, PET, responses) have options of their own."""
    return cls is Folder or issubclass(cls, Reader)


def test_every_target_is_a_dataset_that_reads_what_it_says():
    names = {spec.name for spec, _ in classes()}
    assert {"fastmri", "ismrmrd", "nifti", "arrays", "brain", "cine"} <= names
    for spec, cls in classes():
        assert issubclass(cls, Dataset)
        if scans_of_images(cls):
            assert sorted(spec.reads) == sorted(SUFFIXES if cls is Folder else cls.reads)
        assert all(suffix.startswith(".") for suffix in spec.reads)


def test_every_pattern_of_the_sdk_can_be_chosen():
    assert set(get_args(get_args(options.Pattern)[0])) == set(PATTERNS)


def test_every_option_has_a_description_and_shared_ones_are_the_same():
    shared = {"acceleration", "pattern", "center_fraction", "mask_seed", "maps", "noise_std", "slices"}
    seen = {}
    for spec, cls in classes():
        hints = get_type_hints(cls if is_dataclass(cls) else cls.__init__, include_extras=True)
        taken = [p for p in inspect.signature(cls).parameters if p != "self"]
        assert not spec.reads or taken[0] == "path"
        assert not scans_of_images(cls) or shared <= set(taken)
        for name in taken:
            assert get_origin(hints[name]) is Annotated and any(isinstance(m, str) for m in get_args(hints[name])[1:])
            if scans_of_images(cls):
                assert seen.setdefault(name, hints[name]) == hints[name]
