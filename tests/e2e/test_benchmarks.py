"""The benchmarks that need no server still run: they are made of the shipped playbooks, which change."""

from types import ModuleType

import pytest
from pytest_mock import MockerFixture

from tests.benchmarks import bench_journeys, bench_library, bench_overlays


@pytest.mark.parametrize(
    ("benchmark", "sizes", "says"),
    [
        (bench_journeys, {"SIZES": (10, 20)}, "linear"),
        (bench_library, {"PLAYBOOKS": 80, "ROUNDS": 1}, "loading and validating them"),
        (bench_overlays, {"ROUNDS": 3}, "of the floor"),
    ],
)
def test_a_benchmark_runs_on_what_is_shipped(
    benchmark: ModuleType,
    sizes: dict[str, object],
    says: str,
    mocker: MockerFixture,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, size in sizes.items():
        mocker.patch.object(benchmark, name, size)
    benchmark.main()
    assert says in capsys.readouterr().out
