"""fleetfront by its public interface: a scenario folder, the command, its JSON."""

import json
import resource
import subprocess
from pathlib import Path

PROVENANCE = '{ kind = "assumed", source = "input of the comparison", date = "2026-11-24" }'
PLACE = "assumed,input of the comparison,2026-11-24"
SCENARIO = """\
format = 1
name = "{name}"
description = "one model in one pool"
baseline = "one"
proposed = "one"

[files]
prices = "prices.csv"
benchmarks = "benchmarks.csv"
boots = "boots.csv"
memory = "memory.csv"
load = "load.csv"

[platform]
name = "none"
cpu_cores = 1.0
memory_gib = 1.0
container_provenance = {provenance}
lift_limits = true
region_multiplier = 1.0
days_per_month = 30.0

[traffic]
reporting_time_zone = "UTC"
curve_time_zone = "UTC"
date = "2026-11-24"
run_in_h = {run_in_h}
horizon_h = {horizon_h}
slow_rate = "none"

[defaults]
min_containers = 0
buffer_containers = 0
scaledown_window_s = 60.0
max_inputs = 1
execution = "serial"
timeout_s = 86400.0
retries = 0

[grid]
scaledown_window_s = [60.0]
min_containers = [0]

[criteria]
latency_limit = false
latency_percentile = 0.95
latency_readings = ["end_to_end"]

[naive]
time_per_request_s = 10.0
models = ["m"]
provenance = {provenance}

[[gpus]]
name = "G"

[[models]]
name = "m"
requests_per_day = {requests_per_day}
traffic_provenance = {provenance}
latency_limit_s = 60.0
failure_probability = 0.0
failure_provenance = {provenance}
switch_in_s = 0.0
switch_provenance = {provenance}
{process}
[[models.variants]]
name = "v"

[[cells]]
model = "m"
gpu = "G"
service = {service}
boot = {boot}
provenance = {provenance}

[[allocations]]
name = "one"
description = "the one pool"

[[allocations.pools]]
name = "p"
gpu = "G"
models = ["m"]
{pool}
"""


class Fleetfront:
    """The program and the folder for its scenarios."""

    def __init__(self, binary, folder):
        self.binary, self.folder = Path(binary).resolve(), Path(folder)

    def scenario(self, name, *, rate_per_s, service, boot, pool, run_in_h, horizon_h, weights=None, process=""):
        """Writes a scenario of one model in one pool and returns its folder.

        rate_per_s: mean over the curve. service, boot: laws as TOML. pool: lines of TOML. weights: 24 hours.
        """
        folder = self.folder / name
        folder.mkdir(parents=True, exist_ok=True)
        text = SCENARIO.format(
            name=name, provenance=PROVENANCE, run_in_h=float(run_in_h), horizon_h=float(horizon_h),
            requests_per_day=rate_per_s * 86400.0, service=service, boot=boot, pool=pool, process=process,
        )
        hours = "".join(f"{hour},{weight},{PLACE}\n" for hour, weight in enumerate(weights or [1.0] * 24))
        files = {
            "scenario.toml": text,
            "load.csv": "hour,weight,kind,source,date\n" + hours,
            "prices.csv": "item,usd_per_second,kind,source,date\n"
            + "".join(f"{item},0.001,{PLACE}\n" for item in ("G", "cpu_core", "memory_gib")),
            "memory.csv": f"scope,name,variant,gib,kind,source,date,note\ngpu,G,,80,{PLACE},\nvariant,m,v,1,{PLACE},\n",
            # The laws above stand in place of these, but the files may not be empty.
            "boots.csv": f"model,variant,gpu,seconds,cv,use,kind,source,date,note\nm,v,G,1,,yes,{PLACE},\n",
            "benchmarks.csv": "model,variant,gpu,phase,seconds,ratio,ratio_low,ratio_high,relative_to,cv,use,kind,"
            f"source,date,note\nm,v,G,warm,1,,,,,,yes,{PLACE},\n",
        }
        for file, content in files.items():
            (folder / file).write_text(content)
        return folder

    def trials(self, folder, count):
        """The first trials, each by itself."""
        return [self._json(folder, "--trial", str(trial))[0] for trial in range(count)]

    def seconds(self, folder, count):
        """Processor time of the whole program for so many trials on one thread, reading and printing included."""
        start = processor_s()
        self._json(folder, "--trials", str(count), "--threads", "1")
        return processor_s() - start

    def _json(self, folder, *args):
        command = [self.binary, "simulate", folder, "--allocation", "one", "--json", "--quiet", *args]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"{' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout)


def processor_s():
    """Processor time of the programs that were run so far: unlike wall clock, it is blind to what else runs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def model(trial):
    """Counts and sums of the one model."""
    return trial["models"][0]["outcome"]


def ledger_ns(trial):
    """Container nanoseconds of the one pool: boot, busy, idle, wasted."""
    return trial["pools"][0]["ledger"]


def latency_quantile_s(trial, share):
    """A quantile of the latencies, to 0.4 %: the middle of its bucket (128 an octave, from 2^20 ns)."""
    counts = trial["models"][0]["latencies"]["counts"]
    rank, seen = share * trial["models"][0]["latencies"]["total"], 0
    for index, count in enumerate(counts):
        seen += count
        if seen >= rank:
            edge = [(1 << ((k >> 7) + 20)) + ((k & 127) << ((k >> 7) + 13)) for k in (index, index + 1)]
            return sum(edge) / 2e9
    return float("inf")
