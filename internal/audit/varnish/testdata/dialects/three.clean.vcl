# Varnish 3 has other words for the same.
backend default { .host = "127.0.0.1"; .port = "8080"; }

sub vcl_recv {
    if (req.request != "GET" && req.request != "HEAD") {
        return (pass);
    }
    return (lookup);
}

sub vcl_fetch {
    if (req.http.Authorization) {
        return (hit_for_pass);
    }
    set beresp.ttl = 1h;
    return (deliver);
}
