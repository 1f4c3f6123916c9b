"""A fleet on Slurm: `.venv/bin/python docs/fleet/slurm.py [TARGET ...]`. Never tried.

Run it in the top folder of a clone that every node sees, after `make install` and the TLS settings
of docs/sharing.md. dask-jobqueue, which submits a job per worker, is not in requirements.lock:
`.venv/bin/python -m pip install --no-deps dask-jobqueue`. Change what is in capitals.
"""

import subprocess
import sys
from pathlib import Path

from dask_jobqueue import SLURMCluster

sys.path.insert(0, str(Path.cwd()))
from tools.fleet.worker import resource

WORKERS = 8

if __name__ == "__main__":
    with SLURMCluster(
        queue="PARTITION",
        account="ACCOUNT",
        interface="NETWORK",  # such as ib0
        protocol="tls",
        cores=2,
        processes=1,
        memory="8GB",  # a chain of VGG-Face takes 5.2
        # Above the longest chain: dask-jobqueue does not submit again a job that ran out of time.
        walltime="12:00:00",
        python=sys.executable,
        job_script_prologue=[f"cd {Path.cwd()}"],
        # Later options win: one chain at a time, whose memory Dask does not see.
        worker_extra_args=[
            *("--nthreads", "1", "--memory-limit", "0", "--no-dashboard"),
            *("--resources", f"{resource()}=1", "--local-directory", ".fleet/dask"),
        ],
    ) as cluster:
        cluster.scale(jobs=WORKERS)
        cluster.wait_for_workers(WORKERS)  # so that chains are cut for as many
        given = ["--scheduler", cluster.scheduler_address, *sys.argv[1:]]
        command = [sys.executable, "-m", "tools.fleet", *given]
        sys.exit(subprocess.run(command, check=False).returncode)
