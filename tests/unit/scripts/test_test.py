"""The sum at the end of `make test` is honest: a skip is not a pass, a crash is a failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from scripts import test as suite

if TYPE_CHECKING:
    from pathlib import Path

REPORT = """<testsuites><testsuite name="pytest">
<testcase name="good"/>
<testcase name="bad"><failure message="assert 1 == 2"/></testcase>
<testcase name="broken fixture"><error message="no cluster"/></testcase>
<testcase name="left out"><skipped type="pytest.skip" message="no Go on PATH"/></testcase>
</testsuite></testsuites>"""


def test_every_case_is_counted_once(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    report.write_text(REPORT)

    tally = suite._read(report)

    assert str(tally) == "1 passed, 2 failed, 1 skipped"
    assert tally.reasons == {"no Go on PATH": 1}


@pytest.mark.parametrize(
    ("text", "passed", "failed"),
    [
        pytest.param("def test_it():\n    assert True\n", 1, 0, id="passing"),
        pytest.param("def test_it():\n    assert False\n", 0, 1, id="failing"),
        pytest.param("", 0, 0, id="no tests in this run"),
        pytest.param("import absent_module\n", 0, 1, id="cannot be collected"),
        pytest.param("def test_it():\n    import os\n    os._exit(3)\n", 0, 1, id="crashing"),
    ],
)
def test_a_run_is_counted(tmp_path: Path, text: str, passed: int, failed: int) -> None:
    (tmp_path / "test_made_up.py").write_text(text)
    run = suite.Run(name="made-up", select="not realcluster", environ={"PYTEST_ADDOPTS": ""})
    extra = ["-c", "/dev/null", "--rootdir", str(tmp_path), "-p", "no:django", str(tmp_path)]

    tally = suite._pytest(run, extra=extra, report=tmp_path / "report.xml")

    assert (tally.passed, tally.failed) == (passed, failed)


@pytest.mark.parametrize(
    ("tally", "code"),
    [
        pytest.param(suite.Tally(passed=3, skipped=1), 0, id="passed"),
        pytest.param(suite.Tally(passed=3, failed=1), 1, id="failed"),
        pytest.param(suite.Tally(skipped=3), 1, id="nothing ran"),
    ],
)
def test_the_exit_code_follows_the_sum(
    tally: suite.Tally, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    result = suite._conclude(tally, [])

    assert result == code
    assert capsys.readouterr().out.splitlines()[-1] == str(tally)
