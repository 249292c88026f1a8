"""One-line bugs, each of which somebody must miss: `tools/sabotage.py` plants
them one after the other.

Each has a name, the file, the text it replaces (which must occur there), what
it puts in its place, and who has to notice: `HUNT` (histories and crash
points) or the arguments of `cargo test`.
"""

from .cards import CARDS
from .checkout import CHECKOUT
from .coupons import COUPONS
from .disputes import DISPUTES
from .edges import EDGES
from .engine import ENGINE
from .places import HUNT
from .refunds import REFUNDS
from .taxes import TAXES

SABOTAGES = [*ENGINE, *EDGES, *TAXES, *REFUNDS, *DISPUTES, *CARDS, *COUPONS, *CHECKOUT]

__all__ = ["HUNT", "SABOTAGES"]
