# SPDX-License-Identifier: GPL-2.0-only
"""nginx as a web server, and curl: for all rows that speak HTTP."""
import collections
import os

from place import digest
from proc import free_port

READY = "start worker process "
Web = collections.namedtuple("Web", "port tls root")

CONFIG = """\
daemon off;
user root;
worker_processes 2;
pid {directory}/pid;
error_log stderr notice;
events {{ worker_connections 256; }}
http {{
    access_log off;
    sendfile on;
    keepalive_requests 100000;
    client_max_body_size 0;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
{servers}
}}
"""

STATIC = """\
    server {{
        listen 127.0.0.1:{port};
        listen 127.0.0.1:{tls} ssl http2;
        ssl_certificate {top}/cert.pem;
        ssl_certificate_key {top}/key.pem;
        root {root};
        dav_methods PUT;
    }}
"""

PROXY = """\
    upstream behind {{ server 127.0.0.1:{behind}; keepalive 8; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://behind;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_request_buffering off;
        }}
    }}
"""


def certificate(place):
    """Once for both transports; for 127.0.0.1."""
    place.run(place.argv(
        "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
        "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=127.0.0.1",
        "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2", "-keyout",
        os.path.join(place.top, "key.pem"), "-out",
        os.path.join(place.top, "cert.pem")))


def nginx(place, name="www", behind=None):
    """A server of files, or a proxy before one."""
    root = place.directory(name)
    tls = None

    def make(port):
        nonlocal tls
        tls = free_port()
        directory = place.directory(place.fresh("nginx"))
        servers = (PROXY if behind else STATIC).format(
            port=port, tls=tls, root=root, top=place.top, behind=behind)
        config = place.write(place.fresh("nginx.conf"), CONFIG.format(
            directory=directory, servers=servers))
        return place.argv("nginx", "-p", directory, "-c", config, "-e",
                          "stderr")

    port = place.serve(make, READY)
    return Web(port, tls, root)


def url(port, scheme="http"):
    return f"{scheme}://127.0.0.1:{port}"


def curl(place, *words):
    return place.argv("curl", "-q", "-sS", "--fail", "--noproxy", "*", *words)


def get(place, what, base, payload, *words, hops=1, rings=True):
    """Fetches a payload that the server has under its own name."""
    out = place.fresh()
    name = os.path.basename(payload.path)
    with place.part(what, hops * payload.size, rings):
        place.run(curl(place, *words, "-o", out, f"{base}/{name}"))
    place.file(what, out, payload)


def put(place, what, base, payload, root=None, hops=1, rings=True):
    """Stores a payload on the server and looks at the server's file."""
    name = f"up.{place.made}"
    with place.part(what, hops * payload.size, rings):
        place.run(curl(place, "-T", payload.path, f"{base}/{name}"))
    stored = os.path.join(root or place.path("www"), name)
    place.same(what, digest(stored), payload.digest)
