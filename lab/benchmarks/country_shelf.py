"""A release of the whole country, or of a part of it, for those who only read releases: months of invented answers, published.

The answers go straight into the warehouse (`country.insert`) and the edition is written by the program's own means; there are no workbooks
and no ledger behind it, so nothing can be submitted to such a folder, and the texts of the cells are empty.
"""

from datetime import datetime
from pathlib import Path

from lab.benchmarks import country
from pipelines import months
from pipelines.edition import edition_folders, publish_edition
from pipelines.figures import update
from pipelines.months import SHANGHAI
from pipelines.reference import reference_bundle
from pipelines.settings import Settings
from pipelines.warehouse import projection
from pipelines.warehouse.projection import Warehouse


def make(folder: Path, units: int | None, count: int) -> Settings:
    """An installation in `folder` whose current release holds `count` months of about so many units (all, where it is None)."""
    place = Settings(folder / "data", country.make(folder / "reference", country.NATIONAL, units))
    place.warehouse.parent.mkdir(parents=True)
    store = _opened(place)
    span = months.span(country.FIRST, months.add(country.FIRST, count - 1))
    for month in span:
        country.insert(store, store.archive, month)
        update.bring_up_to_date(store, month)
    draft = publish_edition.drafted(store, place, span[-1], store.life())
    edition = publish_edition.write(store, place.releases, draft, None, 1, "基准", datetime.now(SHANGHAI))
    (place.releases / "current").write_text(f"{edition_folders.name_of(edition)}\n", encoding="ascii")
    store.con.close()
    return place


def _opened(place: Settings) -> Warehouse:
    """An empty warehouse that may write releases."""
    reference = reference_bundle.load(place.reference)
    con = projection.connect(place.warehouse, place.data, durable=False)
    projection.create(con, reference)
    return Warehouse(con, reference, country.Told())
