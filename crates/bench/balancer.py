#!/usr/bin/env python3
"""Measures the balancer beside haproxy and nginx, in front of the same nodes, in the same run.

Needs a release build of `sosik` with the feature `balance`, haproxy and nginx (Debian: `apt-get install haproxy nginx`),
and what `cargo xtask cluster up` needs. From the root of the repository:

    cargo build --release --features balance
    python3 crates/bench/balancer.py

`--bare` adds a proxy that is the library of the balancer and nothing else:

    cargo build --release --package sosik-balance --features proxy --example bare
    python3 crates/bench/balancer.py proxies --bare target/release/examples/bare

Prints one JSON object for each result. Each part can be named: proxies, idle, spread, faults, peak, rolls.
After `peak`, the rolls run at 70 % of the peak.

CPU is the time that the processes of a proxy used, so other programs on the machine matter little. Latencies count from
the intended time of a request, in microseconds. Everything runs on one machine, so the nodes and the load generator
compete with the proxies for processors.
"""

import argparse
import json
import os
import resource
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request

from running import (
    Cluster, address, cpu, free_port, load, people, resident_kib, run_parts, start, start_load, stop, tell,
    wait_until_served,
)


def start_haproxy(folder, nodes):
    port = free_port()
    servers = "\n".join(f"    server {node['name']} {address(node['url'])} check" for node in nodes)
    (folder / "haproxy.cfg").write_text(f"""
defaults
    mode http
    timeout connect 1s
    timeout client 60s
    timeout server 60s
    option forwardfor
    option httpchk GET /readyz
frontend front
    bind 127.0.0.1:{port}
    default_backend nodes
backend nodes
    balance roundrobin
    http-reuse always
{servers}
""")
    command = ["haproxy", "-f", str(folder / "haproxy.cfg"), "-db"]
    return port, start(command, stderr=subprocess.DEVNULL)


def start_nginx(folder, nodes):
    port = free_port()
    servers = "".join(f"server {address(node['url'])}; " for node in nodes)
    (folder / "nginx.conf").write_text(f"""
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
worker_processes auto;
events {{ worker_connections 16000; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    upstream nodes {{ {servers} keepalive 64; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://nodes;
            proxy_http_version 1.1;
            proxy_set_header Host $host;
            proxy_set_header Connection "";
            proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
            proxy_buffering off;
        }}
    }}
}}
""")
    command = ["nginx", "-c", str(folder / "nginx.conf")]
    return port, start(command, stderr=subprocess.DEVNULL)


def start_balancer(options, folder, nodes):
    port = free_port()
    settings = {
        "balance.listen": f"127.0.0.1:{port}",
        "balance.admin_listen": "127.0.0.1:0",
        "balance.nodes": ",".join(address(node["url"]) for node in nodes),
        "balance.connections_max": 20_000,
        "balance.connections_per_address_max": 20_000,
        "balance.idle_connection_seconds": 600,
    }
    command = [options.executable, "balance", *(f"--set={key}={value}" for key, value in settings.items())]
    log = (folder / "balancer.log").open("w")
    return port, start(command, stderr=log, cwd=folder)


def start_bare(options, nodes):
    port = free_port()
    command = [options.bare, f"127.0.0.1:{port}", *(address(node["url"]) for node in nodes)]
    return port, start(command, stderr=subprocess.DEVNULL)


def measure_proxies(options, folder, cluster):
    """CPU for each request and latencies, in rounds in which each proxy has its turn."""
    started = {
        "balancer": start_balancer(options, folder, cluster.nodes),
        "haproxy": start_haproxy(folder, cluster.nodes),
        "nginx": start_nginx(folder, cluster.nodes),
    }
    if options.bare:
        started["bare"] = start_bare(options, cluster.nodes)
    figures = {name: [] for name in ["direct", *started]}
    for port, _process in started.values():
        wait_until_served(f"http://127.0.0.1:{port}")
    for turn in range(options.rounds + 1):
        for name in figures:
            port, process = started.get(name, (None, None))
            url = f"http://127.0.0.1:{port}" if port else cluster.nodes[0]["url"]
            before = cpu(process.pid) if process else 0
            loaded = load(options, url, *people(options, options.rate, options.seconds))["load"]
            used = cpu(process.pid) - before if process else 0
            actions = loaded["actions"]
            offered = sum(action["offered"] for action in actions)
            top = next(action for action in actions if action["action"] == "top")
            if turn > 0:  # the first round warms everything up
                figures[name].append({
                    "requests": offered,
                    "failed": sum(action["failed"] for action in actions),
                    "cpu_us_per_request": round(used / offered * 1e6, 1),
                    "p50": top["latency"]["p50"],
                    "p99": top["latency"]["p99"],
                })
    for name, rounds in figures.items():
        median = {key: statistics.median(one[key] for one in rounds) for key in rounds[0]}
        tell(part="proxies", proxy=name, rate=options.rate, rounds=len(rounds), **median)
    for _port, process in started.values():
        stop(process)


def measure_idle(options, folder, cluster):
    """Memory of a balancer with idle connections that have sent a request each."""
    files, _hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # The balancer keeps two files for each connection, so that a node can be reached for each of them.
    if 2 * options.idle + 200 > files:
        sys.exit(f"{options.idle} connections need 2 files each, and {files} may be open: raise the limit, or --idle less")
    port, process = start_balancer(options, folder, cluster.nodes)
    wait_until_served(f"http://127.0.0.1:{port}")
    before, held = resident_kib(process.pid), []
    for count in range(options.idle):
        connection = socket.create_connection(("127.0.0.1", port))
        connection.sendall(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n")
        if not connection.recv(4_096).startswith(b"HTTP/1.1 200"):
            sys.exit(f"connection {count} was not served")
        held.append(connection)
    after = resident_kib(process.pid)
    tell(part="idle", connections=len(held), before_kib=before, after_kib=after,
         bytes_each=round((after - before) * 1024 / len(held)))
    for connection in held:
        connection.close()
    stop(process)


def measure_spread(options, _folder, cluster):
    """How evenly the nodes get requests."""
    before = {node["address"]: node["requests"] for node in cluster.status()["nodes"]}
    load(options, cluster.balancer, *people(options, options.rate, options.seconds))
    after = cluster.status()["nodes"]
    got = [node["requests"] - before[node["address"]] for node in after]
    tell(part="spread", requests=got, max_to_mean=round(max(got) / statistics.mean(got), 4))


def measure_faults(options, folder, cluster):
    """Requests that fail when a node is killed or paused, and the time until the balancer uses it no more."""
    for fault in ["kill", "pause"]:
        target = address(cluster.nodes[1]["url"])
        running = start_load(options, cluster.balancer, *people(options, options.rate, 20))
        time.sleep(5)
        began = time.monotonic()
        cluster.run(fault, "node2")
        while any(n["address"] == target and n["state"] == "up" for n in cluster.status()["nodes"]):
            time.sleep(0.01)
        noticed = time.monotonic() - began
        actions = json.loads(running.communicate()[0])["load"]["actions"]
        tell(part="faults", fault=fault, noticed_seconds=round(noticed, 2),
             requests=sum(action["offered"] for action in actions),
             shed=sum(action["shed"] for action in actions),
             failed=sum(action["failed"] for action in actions))
        cluster.run("start" if fault == "kill" else "resume", "node2")
        for _ in range(600):
            if sum(n["state"] == "up" for n in cluster.status()["nodes"]) == len(cluster.nodes):
                break
            time.sleep(0.1)


def measure_peak(options, _folder, cluster):
    """The highest rate that is served through the balancer: 99.9 % of the requests with success, and reads of the feed
    within half a second at p99."""
    rate, peak = options.rate, 0
    while True:
        loaded = load(options, cluster.balancer, *people(options, rate, options.seconds))["load"]
        actions = loaded["actions"]
        offered = sum(action["offered"] for action in actions)
        served = sum(action["served"] for action in actions)
        p99 = next(action for action in actions if action["action"] == "top")["latency"]["p99"]
        tell(part="peak", rate=rate, requests=offered, served=served, p99=p99)
        if served < 0.999 * offered or p99 > 500_000:
            break
        rate, peak = int(rate * 1.25), rate
    options.roll_rate = int(0.7 * peak)
    tell(part="peak", peak=peak, roll_rate=options.roll_rate)


def measure_rolls(options, _folder, cluster):
    """Rolling restarts while people read and post and the checker follows live streams.

    Failed requests include those that the load did not send, because too many of its requests waited for an answer."""
    seconds = 0
    for number in range(options.rolls):
        # The check ends after the roll. The time of a roll is known after the first one.
        span = max(40, int(seconds * 1.5) + 10)
        check = ["--check", "--cast", "8", "--settle", "10", "--prompt", "10", "--cast-pace", "200"]
        streams = ["--streams", "20"]
        running = start_load(
            options, cluster.balancer, *people(options, options.roll_rate, span), *check, *streams
        )
        time.sleep(2)
        began = time.monotonic()
        cluster.run("roll")
        seconds = time.monotonic() - began
        covered = running.poll() is None
        result = json.loads(running.communicate()[0])
        actions = result["load"]["actions"]
        tell(part="rolls", roll=number + 1, seconds=round(seconds, 1), covered=covered, rate=options.roll_rate,
             requests=sum(action["offered"] for action in actions),
             shed=sum(action["shed"] for action in actions),
             failed=sum(action["failed"] for action in actions),
             not_sent=result["load"]["not_sent"],
             streams_resumed=result["load"]["streams_resumed"],
             comparisons=result["check"]["comparisons"],
             violations=result["check"]["violations"])


PARTS = {
    "proxies": measure_proxies,
    "idle": measure_idle,
    "spread": measure_spread,
    "faults": measure_faults,
    "peak": measure_peak,
    "rolls": measure_rolls,
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rate", type=int, default=300, help="requests a second")
    parser.add_argument("--roll-rate", type=int, default=200, help="requests a second during rolling restarts")
    parser.add_argument("--seconds", type=int, default=10, help="duration of one measurement")
    parser.add_argument("--rounds", type=int, default=3, help="rounds in which each proxy has its turn")
    parser.add_argument("--rolls", type=int, default=20, help="rolling restarts")
    parser.add_argument("--idle", type=int, default=10_000, help="idle connections")
    parser.add_argument("--bare", help="executable of a proxy to measure as well: the example `bare`")
    os.environ["PATH"] += ":/usr/sbin"
    for program in ["haproxy", "nginx"]:
        if not shutil.which(program):
            sys.exit(f"{program} is missing: apt-get install {program}")
    run_parts(parser, PARTS)


if __name__ == "__main__":
    main()
