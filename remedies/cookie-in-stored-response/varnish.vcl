sub vcl_recv {
    if (req.url == "/api/news") {
        unset req.http.Authorization;
        return (hash);
    }
}

sub vcl_backend_response {
    set beresp.ttl = 2s;
    return (deliver);
}
