#!/usr/bin/env python3
"""Measures three nodes with PostgreSQL, Redis and NATS beside one machine with SQLite, in the same run.

Needs a release build of `sosik` with the feature `balance`, and what `cargo xtask cluster up` needs. From the root of the
repository:

    cargo build --release --features balance
    python3 crates/bench/cluster.py

Prints one JSON object for each result. Each part can be named: page, posts, unfriend, cold, migrate.

CPU is the time that processes used: of the server alone on one machine, and of the three nodes, PostgreSQL, Redis and NATS
in the cluster. Both have the same world and get the same requests in turns, so other programs on the machine matter
little. Everything runs on one machine, so latencies are those of a busy one.
"""

import argparse
import json
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request

from running import RATES, cpu, free_port, load, run_parts, start, stop, tell, wait_until_served

PASSWORD = "a-heron-in-the-reeds"
READERS = 100
ENGINES = ["postgres", "redis", "nats"]


class OneMachine:
    """A server with SQLite and the world that the cluster has."""

    def __init__(self, options, folder):
        self.folder = folder / "one"
        self.folder.mkdir()
        self.run(options, "world", "--people", "1000")
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        settings = [f"server.listen=127.0.0.1:{port}", "server.admin_listen=127.0.0.1:0", *RATES]
        command = [options.executable, "serve", *(f"--set={setting}" for setting in settings)]
        self.process = start(command, cwd=self.folder, stderr=subprocess.DEVNULL)
        wait_until_served(self.url)

    def run(self, options, *arguments):
        subprocess.run([options.executable, *arguments], cwd=self.folder, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)


def cluster_cpu(cluster):
    """CPU seconds of each kind of process of the cluster."""
    used = {"nodes": sum(cpu(node["pid"]) for node in cluster.nodes)}
    return used | {name: cpu(cluster.part(name)[0]) for name in ENGINES}


def urls(cluster):
    return ",".join(node["url"] for node in cluster.nodes)


def served(loaded):
    return sum(action["served"] for action in loaded["load"]["actions"])


def tokens(url, folder, name):
    """A file of people who are logged in. A log-in costs as much as a thousand reads, so it is not measured."""
    file = folder / f"{name}.jsonl"
    with file.open("w") as lines:
        for number in range(1, READERS + 1):
            person = log_in(url, f"person{number}")
            lines.write(json.dumps({"handle": person["person"]["handle"], "token": person["token"]}) + "\n")
    return file


def measure_page(options, folder, cluster):
    """CPU of a warm first page over all processes.

    A process that gets fewer requests a second uses more CPU for each: it wakes up for one, and not for several. So one
    machine is also measured at the rate of one node."""
    one = OneMachine(options, folder)
    its_cpu = lambda: {"server": cpu(one.process.pid)}
    its_file = tokens(one.url, folder, "one")
    rate_of_a_node = options.rate // len(cluster.nodes)
    sides = {
        "one_machine": (one.url, its_cpu, its_file, options.rate),
        "one_machine_at_the_rate_of_a_node": (one.url, its_cpu, its_file, rate_of_a_node),
        "cluster": (urls(cluster), lambda: cluster_cpu(cluster), tokens(cluster.nodes[0]["url"], folder, "three"),
                    options.rate),
    }
    micros, idles = ({name: [] for name in sides} for _kind in range(2))
    for turn in range(options.rounds + 1):
        for name, (url, used, file, rate) in sides.items():
            before = used()
            time.sleep(options.seconds)
            idle = used()
            loaded = load(options, url, "--people", str(file), "--mix", "top=1",
                          "--rate", str(rate), "--seconds", str(options.seconds))
            after, count = used(), served(loaded)
            # What the processes do without requests (leases, sweeps, heartbeats) does not grow with the requests.
            each = {part: (after[part] - 2 * idle[part] + before[part]) / count * 1e6 for part in after}
            if turn > 0:  # the first round warms everything up
                micros[name].append(each)
                idles[name].append(sum(idle[part] - before[part] for part in idle) / options.seconds * 1e3)
    totals = {name: [sum(one.values()) for one in rounds] for name, rounds in micros.items()}
    for name in [name for name in sides if name != "cluster"]:
        ratios = [of_cluster / of_one for of_cluster, of_one in zip(totals["cluster"], totals[name])]
        tell(part="page", rounds=options.rounds, rate=options.rate, to=name,
             ratio=round(statistics.median(ratios), 2), lowest=round(min(ratios), 2), highest=round(max(ratios), 2))
    tell(part="page", rounds=options.rounds, rate=options.rate,
         **{f"cpu_us_{name}": round(statistics.median(total), 1) for name, total in totals.items()},
         **{f"idle_ms_a_second_{name}": round(statistics.median(idle), 1) for name, idle in idles.items()},
         **{f"of_{part}": round(statistics.median(one[part] for one in micros["cluster"]), 1)
            for part in micros["cluster"][0]})
    stop(one.process)


def measure_posts(options, folder, cluster):
    """Durable posts a second: the highest rate at which all posts are acknowledged, and p99 is below half a second."""
    rate, best = 50, None
    file = tokens(cluster.nodes[0]["url"], folder, "authors")
    while True:
        loaded = load(options, urls(cluster), "--people", str(file), "--mix", "post=1",
                      "--rate", str(rate), "--seconds", str(options.seconds))
        post = next(action for action in loaded["load"]["actions"] if action["action"] == "post")
        tell(part="posts", rate=rate, **{key: post[key] for key in ["offered", "served", "shed", "failed"]},
             p50=post["latency"]["p50"], p99=post["latency"]["p99"])
        if post["served"] < post["offered"] or post["latency"]["p99"] > 500_000:
            break
        rate, best = int(rate * 1.4), rate
    tell(part="posts", posts_per_second=best)


def ask(url, method, path, token=None, body=None):
    request = urllib.request.Request(url + path, method=method)
    if token:
        request.add_header("authorization", f"Bearer {token}")
    if body is not None:
        request.add_header("content-type", "application/json")
        request.data = json.dumps(body).encode()
    with urllib.request.urlopen(request, timeout=60) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def log_in(url, handle):
    return ask(url, "POST", "/v1/sessions", body={"handle": handle, "password": PASSWORD})


def quantiles(seconds):
    ordered = sorted(seconds)
    at = lambda share: round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1e3, 1)
    return {"p50_ms": at(0.5), "p99_ms": at(0.99), "slowest_ms": round(ordered[-1] * 1e3, 1)}


def befriend(node, one, other):
    for asks, asked in [(one, other), (other, one)]:
        ask(node, "PUT", f"/v1/friend-requests/{asked['person']['id']}", asks["token"])


def unfriend(node, one, other):
    """Seconds of an unfriending."""
    began = time.monotonic()
    ask(node, "DELETE", f"/v1/friends/{other['person']['id']}", one["token"])
    return time.monotonic() - began


def unfriendings(node, one, others, count):
    """Seconds of each unfriending at a node, each after a friendship was made anew."""
    seconds = []
    for number in range(count):
        other = others[number % len(others)]
        befriend(node, one, other)
        seconds.append(unfriend(node, one, other))
    return seconds


def measure_unfriend(options, _folder, cluster):
    """Latency of an unfriending on three nodes: healthy, and with one of them paused."""
    node = cluster.nodes[0]["url"]
    one = log_in(node, "person1")
    others = [log_in(node, f"person{number}") for number in range(900, 910)]
    for other in others:
        try:
            unfriend(node, one, other)
        except urllib.error.HTTPError:
            pass  # they were no friends
    tell(part="unfriend", nodes="healthy", count=options.unfriendings,
         **quantiles(unfriendings(node, one, others, options.unfriendings)))
    firsts = []
    for other in others:
        befriend(node, one, other)
        cluster.run("pause", "node3")
        # The first change after the pause waits until the lease of the paused node has expired.
        firsts.append(unfriend(node, one, other))
        cluster.run("resume", "node3")
        wait_until_served(cluster.nodes[2]["url"])
    tell(part="unfriend", nodes="one was just paused", count=len(firsts), **quantiles(firsts))
    cluster.run("pause", "node3")
    unfriendings(node, one, others, 1)
    tell(part="unfriend", nodes="one is paused", count=options.unfriendings,
         **quantiles(unfriendings(node, one, others, options.unfriendings)))
    cluster.run("resume", "node3")


def restart_nodes(options, cluster):
    """Stops all nodes, and starts them with empty caches and an empty Redis."""
    for part in [*(node["name"] for node in cluster.nodes), "redis"]:
        cluster.run("kill", part)
    for part in ["redis", *(node["name"] for node in cluster.nodes)]:
        cluster.run("start", part)
    for node in cluster.nodes:
        wait_until_served(node["url"])


def measure_cold(options, folder, cluster):
    """The first page of a reader with 5,000 friends, after a restart of all nodes with an empty Redis."""
    with (folder / "people.jsonl").open("w") as file:
        reader = {"number": 1_000_001, "handle": "reader5000", "display_name": "Reader", "password": PASSWORD}
        file.write(json.dumps(reader) + "\n")
    with (folder / "friendships.txt").open("w") as file:
        file.writelines(f"1000001 {number}\n" for number in range(1_000_002, 1_005_002))
    with (folder / "stories.jsonl").open("w") as file:
        for number in range(20_000):
            story = {"author": 1_000_002 + number % 5_000, "text": f"story {number}", "at": 1_780_000_000 + number}
            file.write(json.dumps(story) + "\n")
    for node in cluster.nodes:
        cluster.run("kill", node["name"])
    postgres = json.loads(cluster.run("status", "--json"))["postgres"]
    files = [f"--{kind}={folder}/{name}" for kind, name in [
        ("people", "people.jsonl"), ("friendships", "friendships.txt"), ("stories", "stories.jsonl")]]
    subprocess.run([options.executable, "import", *files, f"--set=store.url={postgres}"], cwd=folder, check=True,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for node in cluster.nodes:
        cluster.run("start", node["name"])
    wait_until_served(cluster.nodes[0]["url"])
    token = log_in(cluster.nodes[0]["url"], "reader5000")["token"]
    cold, warm = [], []
    for _turn in range(options.rounds * 3):
        restart_nodes(options, cluster)
        for seconds in [cold, warm]:
            began = time.monotonic()
            page = ask(cluster.nodes[0]["url"], "GET", "/v1/feed", token)
            seconds.append(time.monotonic() - began)
            if len(page["items"]) != 20:
                sys.exit("the page is short")
    tell(part="cold", friends=5_000, rounds=len(cold), cold=quantiles(cold), second_read=quantiles(warm))


def measure_migrate(options, folder, cluster):
    """Moving a world of 100,000 people from SQLite to PostgreSQL."""
    home = folder / "migrate"
    home.mkdir()
    run = lambda *arguments: subprocess.run([options.executable, *arguments], cwd=home, check=True,
                                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True).stdout
    run("world", "--people", str(options.people))
    postgres = json.loads(cluster.run("status", "--json"))["postgres"]
    subprocess.run(["psql", postgres, "-qc", "CREATE DATABASE moved"], check=True)
    target = postgres.rsplit("/", 1)[0] + "/moved"
    began = time.monotonic()
    moved = json.loads(run("migrate", "--from", "sqlite:data/sosik.db", "--to", target, "--json"))
    bytes_moved = (home / "data" / "sosik.db").stat().st_size
    tell(part="migrate", people=options.people, seconds=round(time.monotonic() - began, 1),
         sqlite_mb=round(bytes_moved / 1e6), moved=moved)


PARTS = {
    "page": measure_page,
    "posts": measure_posts,
    "unfriend": measure_unfriend,
    "cold": measure_cold,
    "migrate": measure_migrate,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=1_500, help="reads a second")
    parser.add_argument("--seconds", type=int, default=10, help="duration of one measurement")
    parser.add_argument("--rounds", type=int, default=5, help="rounds in which each side has its turn")
    parser.add_argument("--unfriendings", type=int, default=300, help="unfriendings of each measurement")
    parser.add_argument("--people", type=int, default=100_000, help="people of the world that is moved")
    run_parts(parser, PARTS)


if __name__ == "__main__":
    main()
