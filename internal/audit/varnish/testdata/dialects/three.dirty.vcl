# Varnish 3 has other words for the same.
backend default { .host = "127.0.0.1"; .port = "8080"; }

sub vcl_recv {
    if (req.request != "GET" && req.request != "HEAD") {
        return (pass);
    }
    remove req.http.Authorization; # want: varnish/strips-authorization
    return (lookup);
}

sub vcl_fetch {
    set beresp.ttl = 1h;
    return (deliver);
}
