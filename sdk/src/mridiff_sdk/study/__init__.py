"""Studies: methods on sets of scans, declared as data; what `mridiff measure` runs."""

from .engine import Part, measure
from .everyone import every_method
from .page import results_page
from .recipe import on_recipe
from .robustness import Robustness
from .study import Altered, Study, of_x
from .told import told

__all__ = ["Altered", "Part", "Robustness", "Study", "every_method", "measure", "of_x", "on_recipe", "results_page", "told"]
