# SPDX-License-Identifier: GPL-2.0-only
"""nginx and wrk, as Debian ships them.  wrk cannot reach a Unix socket."""

import contextlib
import http.client
import json
import os

from proc import DemoError, Server, run, start_on_free_port

PROGRAM = "nginx"
NEEDS = ("nginx", "wrk")
TRANSPORTS = ("tcp", "sdirect")
TEST = "1 KB file"
CASES = ((1, 1), (50, 1))       # connections, requests in flight on each
FILE_SIZE = 1024
READY = "start worker process "
LIMIT = 20

CONFIG = """\
daemon off;
user root;
worker_processes 1;
pid {directory}/nginx.pid;
error_log stderr notice;
events {{ worker_connections 256; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {directory}/www;
    }}
}}
"""

# wrk's table for people is rounded; this prints what it has counted.
SCRIPT = """\
done = function(summary, latency, requests)
    local e = summary.errors
    io.write(string.format(
        '\\nRESULT {"requests": %d, "us": %d, "bytes": %d, "p50": %d, '
        .. '"p99": %d, "errors": %d}\\n',
        summary.requests, summary.duration, summary.bytes,
        latency:percentile(50), latency:percentile(99),
        e.connect + e.read + e.write + e.status + e.timeout))
end
"""


class Session:
    """A running nginx and how to reach it."""

    def __init__(self, port, prefix, script):
        self.url = "http://127.0.0.1:%d/file" % port
        self.prefix = prefix
        self.script = script
        self.request = len("GET /file HTTP/1.1\r\n"
                           "Host: 127.0.0.1:%d\r\n\r\n" % port)
        self.bytes = 0
        self._check(port)

    @staticmethod
    def _check(port):
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT)
        try:
            client.request("GET", "/file")
            answer = client.getresponse()
            size = len(answer.read())
        except OSError as error:
            raise DemoError("nginx: %s" % error) from None
        finally:
            client.close()
        if answer.status != 200 or size != FILE_SIZE:
            raise DemoError("nginx answered status %d, %d bytes"
                            % (answer.status, size))

    def moved(self):
        """Bytes that wrk has read, and the requests that it had answered."""
        return self.bytes

    def run(self, clients, _pipeline, seconds):
        """Runs wrk; {test: (requests/s, p50, p99 in us)}."""
        output = run(self.prefix + ["wrk", "-t", "1", "-c", str(clients),
                                    "-d", "%ds" % seconds, "-s", self.script,
                                    self.url])
        lines = [line for line in output.splitlines()
                 if line.startswith("RESULT ")]
        if len(lines) != 1:
            raise DemoError("wrk printed no result: %r" % output[-200:])
        result = json.loads(lines[0][len("RESULT "):])
        if result["errors"] or not result["requests"]:
            raise DemoError("wrk: %(errors)d errors, %(requests)d requests"
                            % result)
        self.bytes += result["bytes"] + result["requests"] * self.request
        rate = result["requests"] * 1e6 / result["us"]
        return {TEST: (rate, result["p50"], result["p99"])}


def _write(path, text):
    with open(path, "w", encoding="ascii") as output:
        output.write(text)


@contextlib.contextmanager
def session(_transport, prefix, directory):
    """A fresh nginx that is stopped at the end."""
    config = os.path.join(directory, "nginx.conf")
    script = os.path.join(directory, "result.lua")
    os.mkdir(os.path.join(directory, "www"))
    _write(os.path.join(directory, "www", "file"), "sdirect\n" *
           (FILE_SIZE // 8))
    _write(script, SCRIPT)

    def make(port):
        _write(config, CONFIG.format(directory=directory, port=port))
        return Server(prefix + ["nginx", "-p", directory, "-c", config,
                                "-e", "stderr"], READY)

    server, port = start_on_free_port(make)
    try:
        yield Session(port, prefix, script)
    finally:
        server.stop()


def calibrate(_running, seconds):
    """{case: seconds}; wrk counts time, in whole seconds."""
    return {case: max(1, round(seconds)) for case in CASES}
