#!/usr/bin/env python3
"""Measures photos and videos over HTTP: how many photos are processed a second while feeds are read, what preparing a video
costs, what serving a file costs compared with nginx, and how the server responds to each file of a folder.

Needs a release build of `sosik`, and for `files` nginx and wrk (Debian: `apt-get install nginx-light wrk`). From the root
of the repository:

    cargo build --release
    python3 crates/bench/media.py photos video files
    python3 crates/bench/media.py corpus --folder some/damaged/files

Prints one JSON object for each result. Everything runs on one machine, so the server, its workers and the load compete
for processors. CPU is the time that the processes of a server used. Latencies are in microseconds.
"""

import argparse
import json
import os
import re
import resource
import statistics
import struct
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zlib
from pathlib import Path

from running import STARTED, TICKS, cpu, family, free_port, load, resident_kib, start, stop, tell, wait_until_served

# Sizes of files to serve, in bytes.
SERVED = [50_000, 500_000]
# Longer sides of the photos among which files of about these sizes are found. A noisy photo compresses badly.
SIDES = [160, 240, 320, 480, 640, 800, 960, 1_080, 1_300, 1_600]
CONNECTIONS = 16
SECONDS = 8
# A photo that a phone takes, in pixels.
PHONE = (4_000, 3_000)


def picture(width, height, noise):
    """A PNG: a slope of colours, or noise."""
    def row(number):
        if noise:
            return b"\0" + os.urandom(3 * width)
        return b"\0" + bytes(value for column in range(width) for value in (
            column * 255 // width, number * 255 // height, (column ^ number) & 255))

    def chunk(name, content):
        body = name + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(row(number) for number in range(height)), 1)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


class Server:
    """A server with one person."""

    def __init__(self, options, folder):
        port, admin = free_port(), free_port()
        self.url, self.admin = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{admin}"
        sets = [
            f"server.listen=127.0.0.1:{port}", f"server.admin_listen=127.0.0.1:{admin}",
            "rates.uploads_per_person_per_minute=100000", "rates.uploads_per_person_burst=100000",
            "media.files_per_person=1000000", *options.set,
        ]
        command = [options.executable, "serve", *(word for key in sets for word in ("--set", key))]
        self.process = start(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until_served(self.admin)
        person = {"handle": "mina", "display_name": "Mina", "password": "a-magpie-at-the-gate"}
        self.token = None
        self.token = self.ask("POST", "/v1/people", person)["token"]

    def request(self, method, path, body=None, kind="application/json"):
        headers = {"Content-Type": kind}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.url + path, data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def ask(self, method, path, body=None):
        body = None if body is None else json.dumps(body).encode()
        status, answer = self.request(method, path, body)
        assert status < 300, (status, answer)
        return json.loads(answer)

    def upload(self, file):
        boundary = b"a-boundary"
        head = b'--' + boundary + b'\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
        form = head + file + b"\r\n--" + boundary + b"--\r\n"
        return self.request("POST", "/v1/media", form, "multipart/form-data; boundary=" + boundary.decode())

    def processed(self, media, pause=0.01):
        while (found := self.ask("GET", f"/v1/media/{media}"))["state"] == "processing":
            time.sleep(pause)
        return found


def measure_corpus(options, server):
    """Uploads each file of a folder. Prints the response or the result of processing, and the time until it is known."""
    for path in sorted(Path(options.folder).iterdir()):
        began = time.monotonic()
        status, answer = server.upload(path.read_bytes())
        answer = json.loads(answer)
        if status == 201:
            answer = server.processed(answer["id"])
            result = answer["state"] if answer["state"] == "ready" else answer["problem"]
        else:
            result = answer["detail"]
        tell(file=path.name, status=status, answer=result, ms=round(1_000 * (time.monotonic() - began)))


def reads(options, server, seconds):
    """Reads of the feed at the rate that was asked for."""
    found = load(options, server.url, "--sign-up", "50", "--mix", "top=1", "--rate", str(options.rate),
                 "--seconds", str(seconds))["load"]["actions"][0]
    return {key: found[key] for key in ("offered", "served", "shed", "failed")} | {
        key: found["latency"][key] for key in ("p50", "p99", "p99_9")}


def measure_photos(options, server):
    """Photos of 12 megapixels while feeds are read, and the reads without photos."""
    photo = jpeg_of(picture(*PHONE, noise=False))
    tell(what="reads alone", rate=options.rate, load=reads(options, server, SECONDS))
    ended = threading.Event()
    done = []

    def upload():
        while not ended.is_set():
            status, answer = server.upload(photo)
            if status == 201:
                # A client does not ask a hundred times a second, and the reads would wait for these requests.
                done.append(server.processed(json.loads(answer)["id"], pause=0.5)["state"])
            else:
                time.sleep(0.1)

    uploaders = [threading.Thread(target=upload) for _ in range(4)]
    for uploader in uploaders:
        uploader.start()
    time.sleep(2)
    before, began = len(done), time.monotonic()
    with_photos = reads(options, server, SECONDS)
    count, took = len(done) - before, time.monotonic() - began
    ended.set()
    for uploader in uploaders:
        uploader.join()
    tell(what="reads and photos", photos_per_second=round(count / took, 2), bytes=len(photo), states=sorted(set(done)),
         load=with_photos)


def measure_video(options, server):
    """Videos of ten seconds: the time until each is ready, and the CPU time and memory of the processes that prepare it.
    In the same run, one call of ffmpeg with the same encoder, without a poster and without checks. Every browser plays
    the first video, so the server only copies its streams; it encodes the second."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for codec in 3 * ["libx264", "mpeg4"]:
            video = film(folder, codec)
            watch = Peak(server.process.pid)
            before, began = waited_for(server.process.pid), time.monotonic()
            status, answer = server.upload(video.read_bytes())
            assert status == 201, answer
            found = server.processed(json.loads(answer)["id"])
            took, used = time.monotonic() - began, waited_for(server.process.pid) - before
            bare = ["ffmpeg", "-v", "error", "-y", "-i", str(video), "-c:v", "libx264", "-preset", "veryfast",
                    "-crf", "23", "-threads", "2", "-c:a", "aac", "-movflags", "+faststart", str(folder / "bare.mp4")]
            own = resource.getrusage(resource.RUSAGE_CHILDREN)
            began = time.monotonic()
            subprocess.run(bare, check=True)
            other = resource.getrusage(resource.RUSAGE_CHILDREN)
            bare_cpu = other.ru_utime + other.ru_stime - own.ru_utime - own.ru_stime
            tell(what="video", codec=codec, state=found["state"], bytes=video.stat().st_size, seconds=round(took, 2), cpu_s=round(used, 2),
                 peak_kib=watch.end(), bare_seconds=round(time.monotonic() - began, 2), bare_cpu_s=round(bare_cpu, 2))


def film(folder, codec):
    """Ten seconds of 1920 × 1080 with noise: 30 pictures and 12 Mbit a second."""
    video = folder / f"{codec}.mp4"
    command = ["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=1920x1080:rate=30:duration=10",
               "-f", "lavfi", "-i", "sine=duration=10", "-vf", "noise=alls=12:allf=t", "-pix_fmt", "yuv420p",
               "-c:v", codec, "-b:v", "12M", "-c:a", "aac", "-movflags", "+faststart", str(video)]
    subprocess.run(command, check=True)
    return video


def waited_for(pid):
    """CPU seconds of the children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return (int(fields[13]) + int(fields[14])) / TICKS


class Peak:
    """The most memory that the descendants of a process had at a time, in KiB."""

    def __init__(self, pid):
        self.pid, self.most, self.ended = pid, 0, threading.Event()
        self.thread = threading.Thread(target=self.watch)
        self.thread.start()

    def watch(self):
        while not self.ended.wait(0.02):
            total = 0
            for one in family(self.pid)[1:]:
                try:
                    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{one}/status").read_text())
                except OSError:
                    continue
                total += int(found[1]) if found else 0
            self.most = max(self.most, total)

    def end(self):
        self.ended.set()
        self.thread.join()
        return self.most


def jpeg_of(png):
    """The picture as a phone saves it."""
    command = ["ffmpeg", "-v", "error", "-i", "-", "-q:v", "3", "-f", "mjpeg", "-"]
    return subprocess.run(command, input=png, stdout=subprocess.PIPE, check=True).stdout


def nearest(server, wanted):
    """The path of a file that has about the wanted size, and the file."""
    best = None
    for side in SIDES:
        media = json.loads(server.upload(picture(side, side * 2 // 3, noise=True))[1])["id"]
        server.processed(media)
        story = {"text": "noise", "audience": "friends", "attachments": [{"media": media, "alt": ""}]}
        story = server.ask("POST", "/v1/stories", story)
        for size in story["attachments"][0]["sizes"]:
            for path in filter(None, (size["webp"], size["jpeg"])):
                file = server.request("GET", path)[1]
                off = abs(len(file) - wanted)
                if best is None or off < best[0]:
                    best = (off, path, file)
    return best[1:]


def start_nginx(folder, files):
    port = free_port()
    (folder / "nginx.conf").write_text(f"""
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
worker_processes auto;
events {{ }}
http {{
    access_log off;
    sendfile on;
    keepalive_requests 1000000;
    client_body_temp_path {folder}/body;
    server {{ listen 127.0.0.1:{port}; root {files}; }}
}}
""")
    process = start(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], stderr=subprocess.DEVNULL)
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1)
        except urllib.error.HTTPError:
            return port, process
        except OSError:
            time.sleep(0.05)


def fetch(url, process, *headers):
    """Requests a second, and CPU microseconds of the server for each."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}", *(word for it in headers for word in ("-H", it)), url]
    before = cpu(process.pid)
    out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    used = cpu(process.pid) - before
    assert "Non-2xx" not in out, out
    requests = int(out.split(" requests in")[0].split()[-1])
    return round(requests / SECONDS), 1e6 * used / requests


def measure_files(options, server):
    """Serves files of a story, with checks of session and audience, and the same files with nginx, without checks."""
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        folder.chmod(0o755)
        files = folder / "files"
        files.mkdir()
        port, nginx = start_nginx(folder, files)
        for wanted in SERVED:
            path, file = nearest(server, wanted)
            (files / "file").write_bytes(file)
            rounds = []
            for _ in range(3):
                ours = fetch(server.url + path, server.process, f"Authorization: Bearer {server.token}")
                theirs = fetch(f"http://127.0.0.1:{port}/file", nginx)
                rounds.append((ours, theirs))
            middle = lambda numbers: round(statistics.median(numbers), 1)
            tell(bytes=len(file),
                 sosik_per_second=middle(ours[0] for ours, _ in rounds),
                 nginx_per_second=middle(theirs[0] for _, theirs in rounds),
                 sosik_cpu_us=middle(ours[1] for ours, _ in rounds),
                 nginx_cpu_us=middle(theirs[1] for _, theirs in rounds),
                 ratios=[round(ours[1] / theirs[1], 2) for ours, theirs in rounds])
        stop(nginx)
        STARTED.remove(nginx)


PARTS = {"photos": measure_photos, "video": measure_video, "files": measure_files, "corpus": measure_corpus}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", default=["photos", "files"], help="what to measure: " + ", ".join(PARTS))
    parser.add_argument("--executable", default="target/release/sosik")
    parser.add_argument("--folder", help="files of `corpus`")
    parser.add_argument("--rate", type=int, default=1_000, help="feed reads a second")
    parser.add_argument("--set", action="append", default=[], help="a key of the server, as key=value")
    options = parser.parse_args()
    options.executable = str(Path(options.executable).resolve())
    with tempfile.TemporaryDirectory() as folder:
        server = Server(options, folder)
        try:
            for part in options.parts:
                PARTS[part](options, server)
            tell(what="memory of the server", kib=resident_kib(server.process.pid))
        finally:
            for process in STARTED:
                stop(process)


if __name__ == "__main__":
    main()
