import torch

from mridiff_sdk.codecs.radial import Profile, bands, radius, root_mean_power


def test_bands_add_up_to_one_and_each_has_its_place():
    for shape in ((16, 16), (15, 20), (64, 64)):
        rings = bands(*shape, (0.1, 0.4, 0.8))
        assert rings.shape == (4, *shape) and (rings >= 0).all()
        torch.testing.assert_close(rings.sum(0), torch.ones(shape))
        assert rings[0, shape[0] // 2, shape[1] // 2] == 1 and rings[-1, 0, 0] == 1
    middle = bands(64, 64, (0.1, 0.4, 0.8))[:, 32, 32 + 19]  # r = 0.6
    assert middle.argmax() == 2


def test_the_profile_of_a_radial_spectrum_is_that_spectrum():
    r = radius(32, 32)
    k = (1 / (1 + r.round())).float() * torch.polar(torch.ones(5, 32, 32), torch.arange(5.0)[:, None, None].expand(5, 32, 32))
    table = root_mean_power(k)
    torch.testing.assert_close(table, 1 / (1 + torch.arange(16.0)))
    w = Profile(table, floor=0.01)
    torch.testing.assert_close(w(torch.tensor([0.0, 3.0, 3.5])), torch.tensor([1.0, 0.25, 0.225]) + 0.01)
    torch.testing.assert_close(Profile(5 * table, floor=0.01)(torch.tensor([3.0])), torch.tensor([1.25 + 0.05]))  # relative to the largest
    assert w(torch.tensor([50.0])) == w(torch.tensor([15.0]))
