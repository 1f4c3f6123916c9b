"""The dealing of chains, with a cluster that is made up."""

import errno
import os
from types import SimpleNamespace

import pytest

from fer_transfer.console.errors import InputError
from tools.fleet import dealing
from tools.fleet.dealing import Dealer

DONE = SimpleNamespace(
    done=lambda: True,
    cancelled=lambda: False,
    status="finished",
    exception=lambda: None,
    result=dict,
    add_done_callback=lambda call: call(None),
)
CLIENT = SimpleNamespace(
    status="running",
    subscribe_topic=lambda topic, handler: None,
    submit=lambda *_, **__: DONE,
    cancel=lambda futures: None,
)


@pytest.fixture(autouse=True)
def _one_worker(monkeypatch):
    worker = {"name": "one", "resources": {"fer": 1}}
    monkeypatch.setattr(dealing.cluster, "workers", lambda client: {"tcp:": worker})
    monkeypatch.setattr(dealing, "fault", lambda task, result: "")


def test_a_result_that_the_client_s_disk_refuses_is_not_the_scheduler_s_fault():
    def full(task, result):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    dealer = Dealer(CLIENT, "fer", bytes, full)
    with pytest.raises(InputError, match="disk is full: free some space") as error:
        dealer.run([{"name": "openface-random"}])
    assert "The result of openface-random could not be kept" in str(error.value)
    assert "scheduler" not in str(error.value)


def test_a_result_is_kept_and_its_chain_counts_as_finished():
    kept = []
    dealer = Dealer(CLIENT, "fer", bytes, lambda task, result: kept.append(task))
    outcome = dealer.run([{"name": "openface-random"}])
    assert kept == [{"name": "openface-random"}]
    assert (list(outcome.seconds), outcome.failed) == (["openface-random"], {})
