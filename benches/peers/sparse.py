"""A sparse pool, where boots and idle time outweigh work: does busy time equal the work that arrived?"""

import math
import random

import numpy
import simpy
from simfaas.ServerlessSimulator import ServerlessSimulator
from simfaas.SimProcess import ConstSimProcess, SimProcess

from program import latency_quantile_s, ledger_ns, model
from tables import cell, table

TRIALS = 60
RATE, SERVICE_S, BOOT_S = 2 / 60, 10, 60
WINDOWS_S = (10, 60, 300)
# Nothing arrives in the last hour, so that all work ends inside the day.
OPEN_H, DAY_H = 23, 24
DAY_S = DAY_H * 3600.0


def arrivals(seed):
    luck, at, instants = random.Random(seed), 0.0, []
    while (at := at + luck.expovariate(RATE)) < OPEN_H * 3600.0:
        instants.append(at)
    return instants


def fleetfront(program, name, window_s, rules):
    folder = program.scenario(
        name, rate_per_s=RATE * OPEN_H / DAY_H, service=f"{{ deterministic = {{ seconds = {SERVICE_S}.0 }} }}",
        boot=f"{{ deterministic = {{ seconds = {BOOT_S}.0 }} }}", pool=f"scaledown_window_s = {window_s}.0\n{rules}",
        run_in_h=0, horizon_h=DAY_H, weights=[1.0] * OPEN_H + [0.0],
    )
    rows = []
    for trial in program.trials(folder, TRIALS):
        o, (boot_ns, busy_ns, idle_ns, _) = model(trial), ledger_ns(trial)
        error_ns = busy_ns - o["arrived"] * SERVICE_S * 10**9
        rows.append((error_ns / 1e9, o["cold"] / o["arrived"], boot_ns / 1e9, idle_ns / 1e9,
                     latency_quantile_s(trial, 0.95)))
    return rows


class Pool:
    """The same rules in SimPy: as many containers as requests in the system, one queue, the last idle one first."""

    def __init__(self, env, window_s):
        self.env, self.window_s = env, window_s
        self.queue, self.idle, self.live, self.inside = [], [], 0, 0
        self.boot_s = self.busy_s = self.idle_s = 0.0
        self.latencies, self.cold = [], 0

    def arrive(self):
        self.inside += 1
        if self.idle:
            self.idle.pop().succeed(self.env.now)
            return
        self.queue.append(self.env.now)
        if self.live < self.inside:
            self.live += 1
            self.env.process(self.container())

    def container(self):
        yield self.env.timeout(BOOT_S)
        self.boot_s += BOOT_S
        ready, arrived = self.env.now, None
        while True:
            if arrived is None and self.queue:
                arrived = self.queue.pop(0)
            if arrived is None:
                since, call = self.env.now, self.env.event()
                self.idle.append(call)
                yield call | self.env.timeout(self.window_s)
                self.idle_s += self.env.now - since
                if not call.triggered:
                    self.idle.remove(call)
                    self.live -= 1
                    return
                arrived = call.value
            self.cold += arrived < ready
            yield self.env.timeout(SERVICE_S)
            self.busy_s += SERVICE_S
            self.inside -= 1
            self.latencies.append(self.env.now - arrived)
            arrived = None


def simpy_trial(window_s, seed):
    env = simpy.Environment()
    pool, instants = Pool(env, window_s), arrivals(seed)

    def source():
        for at in instants:
            yield env.timeout(at - env.now)
            pool.arrive()

    env.process(source())
    env.run()
    n = len(instants)
    p95 = sorted(pool.latencies)[math.ceil(0.95 * n) - 1]
    return pool.busy_s - n * SERVICE_S, pool.cold / n, pool.boot_s, pool.idle_s, p95


class Instants(SimProcess):
    """Gaps between given instants; the next arrival lies far beyond the day."""

    def __init__(self, instants):
        super().__init__()
        self.gaps = list(numpy.diff([0.0, *instants])) + [10 * DAY_S]

    def generate_trace(self):
        return self.gaps.pop(0) if self.gaps else math.inf


def simfaas_trial(window_s, seed):
    """SimFaaS gives the running and idle instances; the boot is part of a cold response."""
    instants = arrivals(seed)
    sim = ServerlessSimulator(
        arrival_process=Instants(instants), warm_service_process=ConstSimProcess(rate=1 / SERVICE_S),
        cold_service_process=ConstSimProcess(rate=1 / (BOOT_S + SERVICE_S)), expiration_threshold=window_s,
        max_time=DAY_S,
    )
    sim.generate_trace()
    running_s = (sim.hist_server_running_count * sim.time_lengths).sum()
    idle_s = (sim.hist_server_idle_count * sim.time_lengths).sum()
    # The arrival that ends the trace lies beyond the day.
    n, cold = len(instants), sim.total_cold_count - 1
    assert sim.total_req_count == n + 1
    p95 = SERVICE_S if cold / n < 0.05 else BOOT_S + SERVICE_S
    return running_s - n * SERVICE_S, cold / n, cold * BOOT_S, idle_s, p95


def compare(program):
    for window_s in WINDOWS_S:
        bound = "rules = { bind_boots = true }"
        runs = [
            ("fleetfront, one queue", fleetfront(program, f"sparse-{window_s}", window_s, "")),
            ("SimPy model of one queue", [simpy_trial(window_s, seed) for seed in range(TRIALS)]),
            ("fleetfront, bound requests", fleetfront(program, f"bound-{window_s}", window_s, bound)),
            ("SimFaaS", [simfaas_trial(window_s, seed) for seed in range(TRIALS)]),
        ]
        lines = []
        for name, rows in runs:
            error, cold, boot, idle, p95 = zip(*rows)
            shown = "0 in every trial" if not any(error) else cell(error, 1)
            lines.append((name, shown, cell(cold), cell(boot, 0), cell(idle, 0), cell(p95, 2)))
        header = ["simulator", "busy - work (s)", "P(cold)", "boot (s)", "idle (s)", "p95 latency (s)"]
        title = f"2 requests a minute, 10 s service, 60 s boot, window {window_s} s; {TRIALS} days"
        table(title, header, lines)
