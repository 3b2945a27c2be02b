import pytest
import torch

from mridiff.errors import ConfigError, DataError
from mridiff_sdk.coils import espirit_maps, low_frequency_maps, simulate_maps
from mridiff_sdk.coils.simulate import _loop
from mridiff_sdk.fourier import fft, ifft


def rss(maps, dim=1):
    return torch.linalg.vector_norm(maps, dim=dim)


def unexplained(maps, images):
    """Part of the energy of coil images (sample, coil, y, x) that does not lie along the maps."""
    along = maps * (maps.conj() * images).sum(1, keepdim=True)
    return float((images - along).abs().square().sum() / images.abs().square().sum())


def disc(shape):
    y, x = (torch.linspace(-1, 1, n, dtype=torch.float64) for n in shape)
    inside = (y[:, None] ** 2 + (x / 0.8) ** 2 < 0.7).double()
    return inside * (1 + 0.5 * torch.sin(9 * y)[:, None] * torch.cos(7 * x)) * torch.exp(1j * (y[:, None] + 0.5 * x))


def scan(shape=(40, 44), coils=6):
    maps = simulate_maps(coils, shape, 0, torch.complex128)[None]
    return maps, maps * disc(shape)


def box(shape, size=20):
    return tuple(slice(n // 2 - size // 2, n // 2 - size // 2 + size) for n in shape)


@pytest.mark.parametrize("shape", [(32, 24), (21, 33), (6, 16, 15)])
@pytest.mark.parametrize("coils", [1, 4, 9])
def test_simulated_maps_are_smooth_and_of_unit_norm(shape, coils):
    maps = simulate_maps(coils, shape, 0)
    assert maps.shape == (coils, *shape)
    assert maps.dtype == torch.complex64
    torch.testing.assert_close(rss(maps, 0), torch.ones(shape))
    for axis in range(-2, 0):
        assert maps.diff(dim=axis).abs().max() < 0.45


def test_simulated_maps_come_from_the_seed_and_differ_between_coils():
    assert torch.equal(simulate_maps(4, (16, 16), 0), simulate_maps(4, (16, 16), 0))
    assert not torch.equal(simulate_maps(4, (16, 16), 0), simulate_maps(4, (16, 16), 1))
    flat = simulate_maps(8, (32, 32), 0, torch.complex128).flatten(1)
    values = torch.linalg.eigvalsh(flat @ flat.mH) / flat.shape[1]
    assert values.min() > 1e-3
    peaks = flat.abs().argmax(1)
    assert len(peaks.unique()) == 8


def test_a_simulated_map_is_the_transverse_field_of_its_loop_bx_minus_i_by():
    """Far from a small loop that faces the x axis it is a magnetic dipole along x: Bx ~ 3 x^2 / r^2 - 1, By ~ 3 x y / r^2."""
    x, y = torch.meshgrid(torch.linspace(8, 10, 5, dtype=torch.float64), torch.linspace(-6, 6, 7, dtype=torch.float64), indexing="ij")
    r2 = x**2 + y**2
    expected = torch.complex(3 * x**2 / r2 - 1, -3 * x * y / r2) / r2**1.5
    found = _loop((0.0, 0.0, 0.0), 0.0, 0.3, (x, y, torch.zeros_like(x)))
    scale = (expected.conj() * found).sum() / expected.abs().square().sum()
    assert scale.real > 0 and abs(scale.imag) < 1e-6 * scale.real
    torch.testing.assert_close(found / scale, expected, rtol=0.02, atol=0.02 * float(expected.abs().max()))


def test_no_coils_is_an_error():
    with pytest.raises(ConfigError, match="0 coils"):
        simulate_maps(0, (8, 8), 0)


@pytest.mark.parametrize("shape", [(40, 44), (41, 37)])
def test_espirit_finds_the_true_maps(shape):
    truth, images = scan(shape)
    maps = espirit_maps(fft(images), box(shape))
    torch.testing.assert_close(rss(maps), torch.ones(1, *shape, dtype=torch.float64))
    assert unexplained(maps, images) < 2e-4
    inside = disc(shape).abs() > 0
    alike = (maps.conj() * truth).sum(1).abs()[0][inside]
    assert alike.min() > 0.99


def test_espirit_explains_more_than_low_frequency_images():
    _, images = scan()
    kspace, region = fft(images), box((40, 44), 16)
    low = unexplained(low_frequency_maps(kspace, region), images)
    assert unexplained(espirit_maps(kspace, region), images) < low < 0.01


def test_espirit_phase_is_that_of_the_virtual_coil_and_scale_does_not_matter():
    _, images = scan()
    kspace, region = fft(images), box((40, 44))
    maps = espirit_maps(kspace, region)
    data = kspace[0][:, region[0], region[1]].flatten(1)
    weights = torch.linalg.eigh(data @ data.mH)[1][:, -1]
    virtual = (weights.conj()[:, None, None] * maps[0]).sum(0)
    assert virtual.imag.abs().max() < 1e-10
    assert virtual.real.min() > -1e-10
    a, b = maps, espirit_maps(1e-250 * kspace, region)
    assert ((a.conj() * b).sum(1).abs() - 1).abs().max() < 1e-6


@pytest.mark.parametrize("maps_of", [espirit_maps, low_frequency_maps])
@pytest.mark.parametrize("exponent", [-90, -83, 83, 120])
def test_maps_are_those_of_the_data_in_any_unit_bit_by_bit(maps_of, exponent):
    kspace, region = fft(scan()[1]).to(torch.complex64), box((40, 44), 16)
    assert torch.equal(maps_of(kspace * 2.0**exponent, region), maps_of(kspace, region))


def test_espirit_crop_keeps_the_object_only():
    _, images = scan()
    maps = espirit_maps(fft(images), box((40, 44)), crop=0.9)
    norm = rss(maps)[0]
    assert (norm[disc((40, 44)).abs() > 0] > 0.99).double().mean() > 0.98
    assert norm[0, 0] == 0


def test_maps_see_the_region_only_and_samples_one_by_one():
    _, images = scan((32, 30))
    other = images.roll(3, -1) * (1 + 1j)
    region = box((32, 30), 16)
    both = fft(torch.cat((images, other)))
    poisoned = torch.full_like(both, float("nan"))
    poisoned[..., region[0], region[1]] = both[..., region[0], region[1]]
    for find in (espirit_maps, low_frequency_maps):
        assert torch.equal(find(poisoned, region), find(both, region))
        torch.testing.assert_close(find(both, region)[1:], find(both[1:], region))
        assert find(both.to(torch.complex64), region).dtype == torch.complex64


def test_low_frequency_maps_of_nothing_are_zero_and_volumes_work():
    assert (low_frequency_maps(torch.zeros(1, 2, 8, 8, dtype=torch.complex64), (slice(2, 6), slice(2, 6))) == 0).all()
    volume = simulate_maps(3, (9, 12, 10), 0)[None]
    maps = low_frequency_maps(fft(volume, (-3, -2, -1)), (slice(2, 7), slice(3, 9), slice(2, 8)))
    torch.testing.assert_close(rss(maps), torch.ones(1, 9, 12, 10))


def test_too_small_a_region_is_an_error():
    with pytest.raises(DataError, match="6 x 6"):
        espirit_maps(fft(scan()[1]), box((40, 44), 5), kernel=6)
    with pytest.raises(DataError, match="3 x 3"):
        espirit_maps(fft(scan()[1]), box((40, 44), 2))


@pytest.mark.parametrize("lines", [6, 8, 12])
def test_few_lines_of_many_coils_get_a_small_kernel(lines):
    """A kernel of 6 x 6 has more numbers than such a region has patches, and its maps follow the noise."""
    _, images = scan((40, 44), 16)
    kspace, region = fft(images), (box((40, 44), lines)[0], box((40, 44), 32)[1])
    kspace = kspace + 1e-4 * kspace.abs().max() * torch.randn(kspace.shape, generator=torch.manual_seed(0), dtype=kspace.dtype)
    found = unexplained(espirit_maps(kspace, region), images)
    assert found < 0.7 * unexplained(espirit_maps(kspace, region, kernel=6), images)
    assert found < unexplained(low_frequency_maps(kspace, region), images)


@pytest.mark.slow
def test_espirit_agrees_with_sigpy():
    mri = pytest.importorskip("sigpy.mri")
    _, images = scan((36, 36), 4)
    kspace = fft(images).to(torch.complex64)
    theirs = mri.app.EspiritCalib(kspace[0].numpy(), calib_width=20, thresh=0.02, crop=0, show_pbar=False, max_iter=100).run()
    ours = espirit_maps(kspace, box((36, 36)))
    alike = (ours[0].conj() * torch.as_tensor(theirs)).sum(0).abs()
    assert alike[disc((36, 36)).abs() > 0].min() > 0.999


def test_espirit_on_a_measured_head(real_data):
    h5py = pytest.importorskip("h5py")
    with h5py.File(real_data / "multicoil_kspace" / "brain8_full.h5") as f:
        kspace, theirs = (torch.from_numpy(f[name][:])[None] for name in ("kspace", "espirit_maps"))
    images = ifft(kspace)
    ours = unexplained(espirit_maps(kspace, box(kspace.shape[-2:], 24)), images)
    assert ours < 0.0116
    assert ours <= 1.001 * unexplained(theirs, images)


@pytest.mark.parametrize("width", [4, 5])
def test_low_frequency_maps_of_a_real_image_are_real(width):
    """A region of an even width has one sample more on one side: a window over all of it would tilt the phase."""
    y, x = torch.meshgrid(torch.linspace(-1, 1, 16, dtype=torch.float64), torch.linspace(-1, 1, 16, dtype=torch.float64), indexing="ij")
    part = slice(8 - width // 2, 8 - width // 2 + width)
    maps = low_frequency_maps(fft(torch.exp(-2 * (y**2 + x**2)).to(torch.complex128))[None, None], (part, part))
    torch.testing.assert_close(maps, torch.ones_like(maps))
