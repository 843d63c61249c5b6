"""Mistakes in a command are told before anything heavy is imported; what was asked for is checked in one way."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress

import pytest
from typer.testing import CliRunner

from sernb.cli import app

REFUSED = [
    (["train", "--set", "epochs=-1"], "BaselineConfig.epochs is -1; give a whole number, at least 1"),
    (["train", "--set", "learning_rate=-1"], "BaselineConfig.learning_rate is -1; give a number"),
    (["train", "--set", "waveform.snr_db=[20, 10]"], "WaveformAugmentation.snr_db"),
    (
        ["train", "--set", "learnig_rate=1"],
        "unknown field 'learnig_rate'; did you mean learning_rate? known are ",
    ),
    (["train", "--recipe", "contrastive", "--stage1", "held_out=1"], "ContrastiveConfig.held_out is 1"),
    (["train", "--stage1", "held_out=0.1"], "only contrastive has a first stage"),
    (["train", "--profile", "smok"], "unknown profile 'smok'; did you mean smoke?"),
    *(
        (["train", "--recipe", recipe, "--language", "xx"], "unknown language 'xx'; known are bn, de, ur")
        for recipe in ("baseline", "contrastive", "byol")
    ),
    (["train", "--language", "en"], "unknown language 'en'"),
    (["sweep", "--methods", "bylo"], "unknown recipe 'bylo'; did you mean byol?"),
    (["sweep", "--languages", "xx"], "unknown language 'xx'"),
    (["train", "--seed", "-1"], "greater than or equal to 0"),
]
CHECK = """
import sys
from sernb.cli import main
try:
    main()
finally:
    print({"torch", "transformers"} & set(sys.modules))
"""


@pytest.mark.parametrize(("arguments", "message"), REFUSED)
def test_what_is_asked_for_is_checked_first(arguments, message, tmp_path):
    result = CliRunner().invoke(app, [*arguments, "--runs", str(tmp_path / "runs")])
    assert result.exit_code != 0 and not (tmp_path / "runs").exists()
    assert message in " ".join(f"{result.output} {result.exception}".replace("│", " ").split())


@pytest.mark.parametrize("arguments", [["train", "--set", "epochs=-1"], ["train", "--language", "xx"]])
def test_before_torch_is_imported(arguments):
    done = subprocess.run([sys.executable, "-c", CHECK, *arguments], capture_output=True, text=True)
    assert done.stdout == "set()\n" and done.stderr.startswith("sernb: ")


def test_folds_are_counted(tmp_path):
    result = CliRunner().invoke(app, ["harmonize", str(tmp_path), "--out", str(tmp_path / "out"), "--folds", "-3"])
    assert "folds is -3; give a whole number, at least 2" in str(result.exception)


@pytest.mark.parametrize("option", ["--runs", "--keep"])
def test_a_folder_that_cannot_be_written_is_refused(option, tmp_path):
    (tmp_path / "file").touch()
    result = CliRunner().invoke(app, ["train", "--profile", "smoke", option, str(tmp_path / "file" / "runs")])
    assert "file is no folder; choose another place" in str(result.exception)


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_after_an_interruption_the_same_command_goes_on(tmp_path):
    # a shell that starts the tests in the background has them ignore the signal
    heeding = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    script = heeding + "from sernb.cli import main; main()"
    command = [sys.executable, "-c", script, "train", "--profile", "smoke"]
    long = ["--set", "epochs=500"]  # so that it can't end before it is stopped
    running = subprocess.Popen([*command, *long, "--runs", tmp_path], stderr=subprocess.PIPE, text=True)
    while not list(tmp_path.glob("*.partial")) and running.poll() is None:
        time.sleep(0.1)
    errors = None
    while errors is None:  # one that falls into a library's clean-up is ignored there; a person presses again
        os.kill(running.pid, signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            _, errors = running.communicate(timeout=30)
    assert running.returncode == 130 and "stopped; the same command goes on where it was" in errors
    assert "Traceback" not in errors
