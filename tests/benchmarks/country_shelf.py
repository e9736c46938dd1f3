"""A release of the whole country, or of a part of it, for those who only read releases: months of invented answers, published.

The answers go straight into the warehouse (`country.tell`) and the edition is written by the program's own means; there are no workbooks
and no ledger behind it, so nothing can be submitted to such a folder, and the texts of the cells are empty.
"""

from datetime import datetime
from pathlib import Path

from pipelines import months, reference_set, warehouse
from pipelines.archive import SHANGHAI
from pipelines.indicators import engine
from pipelines.release import editions, publishing
from pipelines.settings import Settings
from pipelines.warehouse import Warehouse
from tests.benchmarks import country


def make(folder: Path, units: int | None, count: int) -> Settings:
    """An installation in `folder` whose current release holds `count` months of about so many units (all, where it is None)."""
    place = Settings(folder / "data", country.make(folder / "reference", country.NATIONAL, units))
    place.warehouse.parent.mkdir(parents=True)
    store = _opened(place)
    span = months.span(country.FIRST, months.add(country.FIRST, count - 1))
    for month in span:
        country.tell(store, store.archive, month)
        engine.bring_up_to_date(store, month)
    draft = publishing.drafted(store, place, span[-1], store.life())
    edition = publishing.write(store, place.releases, draft, None, 1, "基准", datetime.now(SHANGHAI))
    editions.make_current(place.releases, edition)
    store.con.close()
    return place


def _opened(place: Settings) -> Warehouse:
    """An empty warehouse that may write releases."""
    reference = reference_set.load(place.reference)
    con = warehouse.connect(place.warehouse, place.data, durable=False)
    warehouse.create(con, reference)
    return Warehouse(con, reference, country.Told())
