# SPDX-License-Identifier: GPL-2.0-only
"""nginx in front of nginx, both connections kept open, and wrk."""
import contextlib
import os

import nginx_bench
from proc import Server, start_on_free_port

PROGRAM = "nginx-proxy"
NEEDS = nginx_bench.NEEDS
TRANSPORTS = nginx_bench.TRANSPORTS
CASES = nginx_bench.CASES
calibrate = nginx_bench.calibrate

CONFIG = """\
daemon off;
user root;
worker_processes 1;
pid {directory}/proxy.pid;
error_log stderr notice;
events {{ worker_connections 256; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {directory}/proxy-body;
    proxy_temp_path {directory}/proxy-proxy;
    fastcgi_temp_path {directory}/proxy-fastcgi;
    uwsgi_temp_path {directory}/proxy-uwsgi;
    scgi_temp_path {directory}/proxy-scgi;
    upstream behind {{
        server 127.0.0.1:{behind};
        keepalive 64;
        keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://behind;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
        }}
    }}
}}
"""


@contextlib.contextmanager
def session(transport, prefix, directory):
    """Both servers; they are stopped at the end."""
    with nginx_bench.session(transport, prefix, directory) as behind:
        config = os.path.join(directory, "proxy.conf")
        inner = int(behind.url.rsplit(":", 1)[1].split("/")[0])

        def make(port):
            with open(config, "w", encoding="ascii") as file:
                file.write(CONFIG.format(directory=directory, port=port,
                                         behind=inner))
            return Server([*prefix, "nginx", "-p", directory, "-c", config,
                           "-e", "stderr"], nginx_bench.READY)

        server, port = start_on_free_port(make)
        try:
            yield nginx_bench.Session(port, prefix, behind.script)
        finally:
            server.stop()
