"""Prints Dagster's home of this installation, written if need be: `DAGSTER_HOME=$(python -m pipelines.serving)`."""

from pipelines import settings
from pipelines.serving.dagster_home import dagster_home

if __name__ == "__main__":
    print(dagster_home(settings.load()))
