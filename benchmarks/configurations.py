"""The configuration files of the upstream, the gateway and its peers."""

NGINX = """
daemon off;
worker_processes 1;
worker_rlimit_nofile 20000;
pid {folder}/{name}.pid;
error_log stderr warn;
events {{ worker_connections 18000; }}
http {{
    access_log {access_log};
    keepalive_requests 1000000000;
    keepalive_timeout 600s;
    large_client_header_buffers 8 16k;
    client_max_body_size 0;
    client_body_temp_path {folder}/{name}-body;
    proxy_temp_path {folder}/{name}-proxy;
    fastcgi_temp_path {folder}/{name}-fastcgi;
    uwsgi_temp_path {folder}/{name}-uwsgi;
    scgi_temp_path {folder}/{name}-scgi;
    default_type text/plain;
    {http}
}}
"""

UPSTREAM = """
    sendfile on;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        root {folder}/files;
        location = /1k {{ return 200 "{kilobyte}"; }}
        location = /post {{ return 200 "ok"; }}
        location ^~ /r/ {{ return 200 "{kilobyte}"; }}
    }}
"""

# As nginx is set up where it proxies to one application: connections kept, nothing
# written to disk on the way, WebSockets let through.
PLAIN_PROXY = """
    proxy_http_version 1.1;
    proxy_request_buffering off;
    proxy_max_temp_file_size 0;
    proxy_read_timeout 600s;
    proxy_set_header Host $http_host;
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_set_header Upgrade $http_upgrade;
    map $http_upgrade $connection_upgrade {{ default upgrade; "" ""; }}
    proxy_set_header Connection $connection_upgrade;
    upstream files {{
        server 127.0.0.1:{files};
        keepalive 1024; keepalive_requests 1000000000;
    }}
    upstream streams {{
        server 127.0.0.1:{streams};
        keepalive 1024; keepalive_requests 1000000000;
    }}
    server {{
        listen 127.0.0.1:{port} {ssl} backlog=4096;
        {tls}
        location / {{ proxy_pass http://files; }}
        location /live/ {{ proxy_pass http://streams; proxy_buffering off; }}
    }}
"""

NGINX_TLS = """
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.2 TLSv1.3;
"""

APACHE = """
ServerName 127.0.0.1
ServerRoot {folder}
PidFile {folder}/apache.pid
DefaultRuntimeDir {folder}
Mutex pthread
Listen 127.0.0.1:{port}
ListenBackLog 4096
{modules}
{user}
ErrorLog /dev/stderr
LogLevel warn
LogFormat "%h %l %u %t \\"%r\\" %>s %b \\"%{{Referer}}i\\" \\"%{{User-agent}}i\\"" log
CustomLog /dev/null log
KeepAlive On
KeepAliveTimeout 600
MaxKeepAliveRequests 0
StartServers 8
ServerLimit 8
ThreadLimit 128
ThreadsPerChild 128
MaxRequestWorkers 1024
MaxSpareThreads 1024
OIDCProviderMetadataURL {logto}/oidc/.well-known/openid-configuration
OIDCClientID {app_id}
OIDCClientSecret {app_secret}
OIDCRedirectURI http://127.0.0.1:{port}/callback
OIDCCryptoPassphrase {secret}
OIDCScope "openid profile email"
OIDCResponseType code
OIDCPKCEMethod S256
OIDCSessionType client-cookie:persistent
OIDCSessionInactivityTimeout 43200
OIDCSessionMaxDuration 604800
OIDCStateInputHeaders none
ProxyPass /callback !
ProxyPass /live/ http://127.0.0.1:{streams}/live/ flushpackets=on
ProxyPass / http://127.0.0.1:{files}/
ProxyPreserveHost On
<Location />
    AuthType openid-connect
    Require valid-user
</Location>
"""

APACHE_MODULES = (
    "mpm_event",
    "authn_core",
    "authz_core",
    "authz_user",
    "proxy",
    "proxy_http",
    "auth_openidc",
)

GATEWAY_WITHOUT_ROUTES = """
[server]
listen = "127.0.0.1:{port}"
public_url = "{origin}"
upstream_connections = 20000
shutdown_timeout = "1s"
{server}
[limits]
connections = 30000
connections_per_client = 20000
upgrades = 20000
upgrades_per_client = 20000
requests_per_client = 20000
[admin]
listen = ""
[logto]
endpoint = "{logto}"
app_id = "{app_id}"
app_secret = "{app_secret}"
[session]
keys = ["{key}"]
[policy]
allow = {{ x_ids = ["{x_id}"] }}
"""

GATEWAY = f"""{GATEWAY_WITHOUT_ROUTES}
[[routes]]
upstream = "http://127.0.0.1:{{files}}"
[[routes]]
path = "/live"
upstream = "http://127.0.0.1:{{streams}}"
"""
