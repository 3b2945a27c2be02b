import pytest
import torch

from mridiff_sdk.stimuli import ATTRIBUTES, FORMS, LENGTH, WORDS, Scene, Thing, caption, scene
from mridiff_sdk.stimuli.scene import COLOURS, GROUNDS, SHAPES


def test_a_scene_is_a_function_of_number_and_seed():
    assert scene(3) == scene(3) != scene(4) and scene(3) != scene(3, seed=1)
    drawn = [scene(n) for n in range(300)]
    assert len(set(drawn)) == 300
    share = torch.stack([s.counts() for s in drawn]).mean(0)
    assert bool((share > 0.1).all()), dict(zip(ATTRIBUTES, share.tolist(), strict=True))
    assert {len(s.things) for s in drawn} == {1, 2, 3}
    assert all(len({(t.row, t.column) for t in s.things}) == len(s.things) for s in drawn)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_lies_in_its_cell_in_its_colour_before_its_ground(shape):
    image = Scene("navy", "olive", (Thing(shape, "red", "large", "bottom", "right"),)).picture(64)
    assert image.shape == (3, 64, 64) and float(image.min()) >= 0 and float(image.max()) <= 1
    red = (image - torch.tensor(COLOURS["red"])[:, None, None]).abs().amax(0) < 1e-3
    rows, columns = red.nonzero().unbind(1)
    assert 100 < len(rows) < 1300
    assert rows.float().mean() == pytest.approx(0.78 * 64, abs=4) and columns.float().mean() == pytest.approx(0.78 * 64, abs=3)
    torch.testing.assert_close(image[:, 0, 0], torch.tensor(GROUNDS["navy"]))
    torch.testing.assert_close(image[:, -1, 0], torch.tensor(GROUNDS["olive"]))


def test_a_picture_looks_alike_at_every_size():
    coarse, fine = scene(5).picture(32), scene(5).picture(128)
    assert float((torch.nn.functional.avg_pool2d(fine, 4) - coarse).abs().mean()) < 0.01


def test_the_nearest_is_drawn_last():
    things = (Thing("square", "red", "large", "middle", "centre"), Thing("disc", "blue", "small", "middle", "centre"))
    image = Scene("grey", "grey", things).picture(33)
    torch.testing.assert_close(image[:, 16, 16], torch.tensor(COLOURS["blue"]))


def test_captions_say_what_there_is_in_known_words():
    s = Scene("navy", "olive", (Thing("disc", "red", "large", "top", "left"), Thing("ring", "blue", "small", "middle", "right")))
    assert caption(s) == "large red disc top left and small blue ring middle right over olive below navy"
    assert caption(s, 3) == "olive below navy and red large disc top left and blue small ring middle right"
    for n in range(100):
        texts = {caption(scene(n), form) for form in range(FORMS)}
        assert len(texts) == FORMS
        assert all(set(t.split()) <= set(WORDS) and len(t.split()) <= LENGTH - 2 for t in texts)


def test_counts_are_those_of_the_things():
    s = Scene("navy", "olive", (Thing("disc", "red", "large", "top", "left"), Thing("disc", "blue", "small", "middle", "right")))
    found = dict(zip(ATTRIBUTES, s.counts().tolist(), strict=True))
    assert (
        found["disc"] == 2
        and found["red"] == found["navy above"] == found["olive below"] == 1
        and found["olive above"] == found["ring"] == 0
    )
