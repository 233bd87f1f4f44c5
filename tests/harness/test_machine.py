"""The CPU quota of a container is found, whichever version of control groups limits it."""

import pytest

from harness.measuring.machine import cpu_quota

V1 = {
    "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_quota_us": "12000",
    "sys/fs/cgroup/cpu,cpuacct/job/cpu.cfs_period_us": "100000",
}
NONE = {path: text.replace("12000", "-1") for path, text in V1.items()}


@pytest.mark.parametrize(
    ("groups", "files", "expected"),
    [
        ("4:cpu,cpuacct:/job\n0::/", V1, [12000, 100000]),
        ("4:cpu,cpuacct:/job", NONE, None),
        (
            "0::/a/b",
            {
                "sys/fs/cgroup/a/b/cpu.max": "max 100000",
                "sys/fs/cgroup/a/cpu.max": "50000 100000",
                "sys/fs/cgroup/cpu.max": "60000 200000",
            },
            [60000, 200000],
        ),
        (None, {}, None),
    ],
    ids=["v1", "v1 without", "v2, of a parent", "no groups"],
)
def test_quota_is_the_tightest_of_the_groups(tmp_path, groups, files, expected):
    for path, text in {**files, **({"proc/self/cgroup": groups} if groups else {})}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text + "\n", encoding="utf-8")
    assert cpu_quota(tmp_path) == expected
