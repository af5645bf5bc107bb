sub vcl_recv {
    if (req.url == "/api/news") { # the same for everybody
        unset req.http.Authorization;
        return (hash);
    }
}

sub vcl_backend_response {
    # As the built-in VCL does, which a return (deliver) of your own skips. It stands above that.
    if (beresp.http.Set-Cookie) {
        set beresp.uncacheable = true;
        set beresp.ttl = 120s; # so long, requests for it do not wait for each other
        return (deliver);
    }
    set beresp.ttl = 60s;
    return (deliver);
}
