"""What the measurements of processes from outside share: they start a cluster and loads, and read CPU and memory."""

import json
import os
import re
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
PEOPLE = "person1:a-heron-in-the-reeds"
# One person and one address send all requests.
RATES = [
    f"rates.{key}={100_000}"
    for key in [
        "stories_per_person_burst", "likes_per_person_burst", "comments_per_person_burst",
        "friend_requests_per_person_burst", "relation_writes_per_person_burst", "log_ins_per_address_burst",
        "log_ins_per_handle_burst", "log_ins_per_known_device_burst", "sign_ups_per_address_burst",
    ]
]


# Every proxy that was started, to stop it at the end.
STARTED = []


def start(command, **how):
    STARTED.append(subprocess.Popen(command, **how))
    return STARTED[-1]


def stop(process):
    process.terminate()
    process.wait()


def tell(**result):
    print(json.dumps(result), flush=True)


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def family(pid):
    """The process and its descendants."""
    children = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(") ", 1)[1].split()
        except OSError:
            continue
        children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, left = [], [pid]
    while left:
        one = left.pop()
        found.append(one)
        left += children.get(one, [])
    return found


def cpu(pid):
    """CPU seconds of the process and its descendants."""
    seconds = 0.0
    for one in family(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rsplit(") ", 1)[1].split()
        except OSError:
            continue
        seconds += (int(fields[11]) + int(fields[12])) / TICKS
    return seconds


def resident_kib(pid):
    total = 0
    for one in family(pid):
        total += int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{one}/status").read_text())[1])
    return total


def address(url):
    return url.removeprefix("http://")


def wait_until_served(url):
    for _ in range(600):
        try:
            if urllib.request.urlopen(f"{url}/livez", timeout=2).status == 200:
                return
        except OSError:
            pass
        time.sleep(0.1)
    sys.exit(f"nothing serves at {url}")


class Cluster:
    """Three nodes with their servers, and no balancer."""

    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.command = [*options.xtask.split(), "cluster", "--folder", str(folder / "cluster")]
        settings = RATES + [
            "server.trusted_proxies=127.0.0.1", "server.balancer_wait_seconds=3",
            "balance.connections_per_address_max=20000",
        ]
        sets = [word for setting in settings for word in ("--set", setting)]
        self.run("up", "--executable", options.executable, *sets)
        status = json.loads(self.run("status", "--json"))
        self.nodes, self.balancer = status["nodes"], status["balancer"]

    def run(self, *arguments):
        ran = subprocess.run([*self.command, *arguments], stdout=subprocess.PIPE, text=True)
        if ran.returncode != 0:
            sys.exit(f"{arguments[0]} failed: {ran.stdout}")
        return ran.stdout

    def part(self, name):
        """The process id and the addresses of a part, from the table."""
        line = next(line for line in self.run("status").splitlines() if line.startswith(name))
        words = line.split()
        return int(words[2]), re.findall(r"http://[0-9.:]+", line)

    def status(self):
        _pid, urls = self.part("balancer")
        return json.load(urllib.request.urlopen(f"{urls[-1]}/status", timeout=5))


def load(options, url, *further):
    command = [options.executable, "load", "--url", url, "--json", *further]
    ran = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return json.loads(ran.stdout)


def start_load(options, url, *further):
    """A load that runs. Returns when its people have logged in and send requests."""
    command = [options.executable, "load", "--url", url, "--json", *further]
    # Its standard error has a few lines only.
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while "send requests" not in (line := running.stderr.readline()):
        if not line:
            sys.exit("the load did not start")
    return running


def people(options, rate, seconds):
    return ["--demo", PEOPLE, "--people-max", "100", "--rate", str(rate), "--seconds", str(seconds)]


def run_parts(parser, parts):
    """Adds the options that all measurements have, and measures the named parts with one cluster."""
    parser.add_argument("parts", nargs="*", default=list(parts), help="what to measure: " + ", ".join(parts))
    parser.add_argument("--executable", default="target/release/sosik")
    parser.add_argument("--xtask", default="cargo xtask", help="command of the chores")
    options = parser.parse_args()
    options.executable = str(Path(options.executable).resolve())
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("stopped"))
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as folder:
        cluster = Cluster(options, Path(folder))
        try:
            for part in options.parts:
                parts[part](options, Path(folder), cluster)
        finally:
            for process in STARTED:
                stop(process)
            cluster.run("down")
