import os
from pathlib import Path

import pytest
import torch

torch.set_num_threads(1)


@pytest.fixture
def real_data():
    folder = os.environ.get("MRIDIFF_DATA")
    if not folder or not Path(folder, "pet_t1_t2_pd_templates").is_dir():
        pytest.skip("MRIDIFF_DATA does not name a folder with the PET and T1 templates")
    return Path(folder)
