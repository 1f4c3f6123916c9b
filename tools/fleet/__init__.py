"""Run the stale runs of a study on several machines, by Dask (`make fleet`, `make worker`)."""
