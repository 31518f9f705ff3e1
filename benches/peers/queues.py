"""A fixed number of servers and one queue: fleetfront, Ciw and SimPy on the same three inputs."""

import bisect
import math
import random
import time

import ciw
import numpy
import simpy

from program import latency_quantile_s, model
from tables import cell, mmc, table

TRIALS = 60
RUN_IN_H, DAY_H, HOUR_S = 2, 24, 3600.0
DAY = (RUN_IN_H * HOUR_S, (RUN_IN_H + DAY_H) * HOUR_S)
# An hour by hour curve from midnight; the peak is 1.5 times the mean.
CURVE = [0.57, 0.52, 0.5, 0.52, 0.57, 0.65, 0.75, 0.87, 1.0, 1.13, 1.25, 1.35,
         1.43, 1.48, 1.5, 1.48, 1.43, 1.35, 1.25, 1.13, 1.0, 0.87, 0.75, 0.65]


class Case:
    def __init__(self, name, title, servers, load, cv, weights):
        self.name, self.title, self.servers, self.cv = name, title, servers, cv
        self.mean_s = 10.0
        self.rate = servers * load / self.mean_s
        mean = sum(weights) / 24
        self.weights = weights
        # Rates of the run-in, which is the evening before, and of the day.
        self.rates = [self.rate * w / mean for w in weights[24 - RUN_IN_H:] + weights]
        spread = math.log(1.0 + (cv or 1.0) ** 2)
        self.lognormal = (math.log(self.mean_s) - spread / 2.0, math.sqrt(spread))

    def service_toml(self):
        if self.cv is None:
            return f"{{ exponential = {{ mean_s = {self.mean_s} }} }}"
        return f"{{ lognormal = {{ mean_s = {self.mean_s}, cv = {self.cv} }} }}"

    def service(self, luck):
        return luck.expovariate(1.0 / self.mean_s) if self.cv is None else luck.lognormvariate(*self.lognormal)


CASES = [
    Case("mmc", "M/M/3, utilisation 0.8", 3, 0.8, None, [1.0] * 24),
    Case("mgc", "M/G/4, lognormal service with cv 1.5, utilisation 0.7", 4, 0.7, 1.5, [1.0] * 24),
    Case("curve", "hourly curve, 5 servers, exponential service, mean utilisation 0.6", 5, 0.6, None, CURVE),
]


def summary(waits_and_latencies):
    """(requests, mean wait, share that waits, p95 of the latency) of one trial."""
    waits, latencies = (numpy.array(column) for column in zip(*waits_and_latencies))
    # A wait below a nanosecond is rounding: the clocks of the peers are floating-point numbers.
    rank = math.ceil(0.95 * len(latencies)) - 1
    return len(waits), waits.mean(), (waits > 1e-9).mean(), numpy.sort(latencies)[rank]


def run_fleetfront(case, program):
    pool = f"min_containers = {case.servers}\nmax_containers = {case.servers}\nrules = {{ starts_ready = true }}"
    folder = program.scenario(
        case.name, rate_per_s=case.rate, service=case.service_toml(), boot="{ deterministic = { seconds = 0.0 } }",
        pool=pool, run_in_h=RUN_IN_H, horizon_h=DAY_H, weights=case.weights,
    )
    rows = []
    for trial in program.trials(folder, TRIALS):
        o = model(trial)
        n = o["arrived"]
        rows.append((n, o["wait_ns"] / 1e9 / n, o["waited"] / n, latency_quantile_s(trial, 0.95)))
    return rows, program.seconds(folder, TRIALS)


def simpy_trial(case, seed):
    luck, records = random.Random(seed), []
    env = simpy.Environment()
    servers = simpy.Resource(env, capacity=case.servers)

    def request(service_s):
        arrived = env.now
        with servers.request() as turn:
            yield turn
            began = env.now
            yield env.timeout(service_s)
        if arrived >= DAY[0]:
            records.append((began - arrived, env.now - arrived))

    def arrivals():
        # A Poisson process in expected requests, mapped to time by the inverse of the cumulative rate.
        edges = [0.0]
        for rate in case.rates:
            edges.append(edges[-1] + rate * HOUR_S)
        expected = luck.expovariate(1.0)
        while expected < edges[-1]:
            hour = bisect.bisect_right(edges, expected) - 1
            at = hour * HOUR_S + (expected - edges[hour]) / case.rates[hour]
            yield env.timeout(at - env.now)
            env.process(request(case.service(luck)))
            expected += luck.expovariate(1.0)

    env.process(arrivals())
    env.run()
    return records


def ciw_trial(case, seed):
    ciw.seed(seed)
    if len(set(case.rates)) == 1:
        arrivals = ciw.dists.Exponential(rate=case.rate)
    else:
        ends = [HOUR_S * (hour + 1) for hour in range(len(case.rates))]
        arrivals = ciw.dists.PoissonIntervals(rates=case.rates, endpoints=ends, max_sample_date=DAY[1])
    if case.cv is None:
        service = ciw.dists.Exponential(rate=1.0 / case.mean_s)
    else:
        service = ciw.dists.Lognormal(*case.lognormal)
    network = ciw.create_network(
        arrival_distributions=[arrivals], service_distributions=[service], number_of_servers=[case.servers]
    )
    simulation = ciw.Simulation(network)
    # An hour more, so that the day's requests come to their end.
    simulation.simulate_until_max_time(DAY[1] + HOUR_S)
    records = simulation.get_all_records()
    return [(r.waiting_time, r.exit_date - r.arrival_date) for r in records if DAY[0] <= r.arrival_date < DAY[1]]


def run_peer(case, trial):
    rows, seconds = [], 0.0
    for seed in range(TRIALS):
        start = time.process_time()
        records = trial(case, seed)
        seconds += time.process_time() - start
        rows.append(summary(records))
    return rows, seconds


def compare(program):
    for case in CASES:
        runs = [("fleetfront", *run_fleetfront(case, program)), ("Ciw", *run_peer(case, ciw_trial)),
                ("SimPy", *run_peer(case, simpy_trial))]
        lines = []
        for name, rows, seconds in runs:
            n, wait, waited, p95 = zip(*rows)
            lines.append((name, f"{sum(n):,}", cell(wait, 3), cell(waited), cell(p95, 2), f"{seconds:.2f}"))
        if case.name == "mmc":
            wait, waited, p95 = mmc(case.servers, case.rate, case.mean_s)
            lines.append(("closed form (Erlang)", "", f"{wait:.3f}", f"{waited:.4f}", f"{p95:.2f}", ""))
        header = ["simulator", "requests", "mean wait (s)", "P(wait > 0)", "p95 latency (s)", "processor time (s)"]
        table(f"{case.title}; {TRIALS} days", header, lines)
