"""EFS throughput and burst credits, on the numbers of AWS's user guide.

https://docs.aws.amazon.com/efs/latest/ug/performance.html
"""

import pytest

from ops.simulation.file_system import BURST, GIB, MIB, READ_DISCOUNT, TIB, FileSystem

DAY = 86400.0


@pytest.mark.parametrize(
    ("gib", "baseline", "burst", "minutes"),
    [
        (10, 0.5, 100, 7.2),
        (256, 12.5, 100, 180),
        (512, 25, 100, 360),
        (1024, 50, 100, 720),
        (1536, 75, 150, 720),
        (2048, 100, 200, 720),
        (3072, 150, 300, 720),
        (4096, 200, 400, 720),
    ],
)
def test_a_file_system_bursts_each_day_for_as_long_as_the_guide_says(
    gib: float, baseline: float, burst: float, minutes: float
) -> None:
    """The guide rounds the baseline of small file systems to a tenth of a MiB/s."""
    files = FileSystem(mode="bursting", stored=gib * GIB)
    per_minute = files.burst * READ_DISCOUNT * 60
    files.credits = 0.0
    bursting = minutes * 60
    files.idle_until(DAY - bursting)
    earned = files.credits / (files.burst - files.baseline) / 60

    assert files.baseline == pytest.approx(baseline * MIB, rel=0.025)
    assert files.burst == burst * MIB
    assert earned == pytest.approx(minutes, rel=0.03)
    done = files.read(DAY - bursting, earned * per_minute)
    assert done == pytest.approx(DAY, rel=0.001)
    assert files.credits == pytest.approx(0, abs=per_minute / 1000)


def test_a_file_system_of_100_gib_earns_432000_mib_a_day_which_last_72_minutes() -> None:
    files = FileSystem(mode="bursting", stored=100 * GIB)
    files.credits = 0.0
    files.idle_until(DAY)

    assert files.credits / MIB == pytest.approx(432_000, rel=0.025)
    assert files.credits / BURST / 60 == pytest.approx(72, rel=0.025)


def test_a_new_file_system_bursts_for_6_12_hours_without_what_it_earns() -> None:
    files = FileSystem(mode="bursting", stored=0)

    assert files.credits / BURST / 3600 == pytest.approx(6.12, abs=0.005)
    files.read(0, 3 * READ_DISCOUNT * TIB)
    assert files.ran_dry_at == pytest.approx(6.12 * 3600, rel=0.001)


def test_credits_are_no_more_than_2_1_tib_for_each_tib() -> None:
    small, large = (FileSystem(mode="bursting", stored=size) for size in (GIB, 4 * TIB))
    for files in (small, large):
        files.read(0, 1000 * GIB)
        files.idle_until(400 * DAY)

    assert small.credits == pytest.approx(2.1 * TIB)
    assert large.credits == pytest.approx(4 * 2.1 * TIB)


def test_without_credits_small_file_systems_read_three_mib_a_second() -> None:
    """1 MiB/s of metered throughput, of which a read counts a third."""
    files = FileSystem(mode="bursting", stored=GIB)
    files.credits = 0.0

    assert files.read(0, 300 * MIB) == pytest.approx(100, rel=0.001)


def test_220_cold_starts_at_once_on_an_exhausted_file_system_of_31_mib_a_second_time_out() -> None:
    """A file system whose baseline is 31 MiB/s of reads, and 100 MiB for each of 220 environments."""
    files = FileSystem(mode="bursting", stored=31 * MIB / READ_DISCOUNT / (50 * MIB / TIB))
    files.credits = 0.0
    ends = [files.read(0, 100 * MIB) for _ in range(220)]

    assert sum(end > 30 for end in ends) == pytest.approx(211, abs=2)


def test_provisioned_throughput_is_what_was_paid_for_or_the_baseline_if_that_is_more() -> None:
    assert FileSystem(mode="provisioned", stored=GIB, provisioned_mibps=10).read(0, 300 * MIB) == pytest.approx(10)
    assert FileSystem(mode="provisioned", stored=TIB, provisioned_mibps=10).read(0, 300 * MIB) == pytest.approx(2)


def test_a_reader_gets_no_more_than_one_client_can_take() -> None:
    files = FileSystem(mode="elastic", stored=GIB, client_rate=300 * MIB)

    assert files.read(5, 900 * MIB) == pytest.approx(8)


def test_readers_who_ask_at_once_share_the_rate() -> None:
    files = FileSystem(mode="provisioned", stored=0, provisioned_mibps=1)
    ends = [files.read(0, 3 * MIB) for _ in range(4)]

    assert ends == pytest.approx([1, 2, 3, 4])
