"""Dask over machines: only when asked, and only encrypted, each end with a certificate."""

import shutil
import subprocess
from pathlib import Path

import pytest
from distributed import Client, Scheduler, SpecCluster, Worker
from distributed.security import Security
from typer.testing import CliRunner

from sernb.cli import app
from sernb.experiments.workers import Certificates, connected


@pytest.mark.parametrize("address", ["tcp://10.0.0.1:8786", "tcp://node7:8786", "10.0.0.1:8786", "tls://node7:8786"])
def test_another_machine_is_not_spoken_to_in_the_clear(address: str):
    with pytest.raises(ValueError, match="--tls-ca-file"), connected(address):
        pass


def test_half_of_what_encryption_needs_is_refused(tmp_path: Path):
    done = CliRunner().invoke(app, ["sweep", "--scheduler", "tls://node7:8786", "--tls-cert", str(tmp_path / "a.pem")])
    assert isinstance(done.exception, ValueError) and "go together" in str(done.exception)
    three = Certificates(*(tmp_path / name for name in ("ca.pem", "cert.pem", "key.pem")))
    with pytest.raises(ValueError, match="tls://"), connected("tcp://127.0.0.1:8786", certificates=three):
        pass


def authority(folder: Path) -> Certificates:
    """An authority and a certificate it signed, made as the README says."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl at hand to make certificates")
    folder.mkdir()
    for command in (
        "req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=ca -keyout ca-key.pem -out ca.pem",
        "req -newkey rsa:2048 -nodes -subj /CN=sernb -keyout key.pem -out request.pem",
        "x509 -req -in request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 30 -out cert.pem",
    ):
        subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)
    return Certificates(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")


def test_a_certificate_of_the_clusters_authority_opens_it_and_nothing_else_does(tmp_path: Path):
    ours, other = authority(tmp_path / "ours"), authority(tmp_path / "other")
    three = {"tls_ca_file": str(ours.authority), "require_encryption": True}
    for role in ("scheduler", "worker", "client"):
        three |= {f"tls_{role}_cert": str(ours.certificate), f"tls_{role}_key": str(ours.key)}
    loopback = {"host": "127.0.0.1", "protocol": "tls", "security": Security(**three), "dashboard": False}
    loopback["dashboard_address"] = "127.0.0.1:0"
    scheduler = {"cls": Scheduler, "options": loopback}
    worker = {0: {"cls": Worker, "options": loopback | {"nthreads": 1}}}
    with SpecCluster(workers=worker, scheduler=scheduler, security=Security(**three)) as cluster:
        address = cluster.scheduler_address
        assert address.startswith("tls://")
        with connected(address, certificates=ours) as client:
            assert client.submit(sum, [1, 2]).result(timeout=60) == 3
        for stranger in (other.security(), Security()):
            with pytest.raises((OSError, TypeError)):
                Client(address, timeout="2s", security=stranger)
