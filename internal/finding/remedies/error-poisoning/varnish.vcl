sub vcl_backend_response {
    # An error is an answer to the request that met it. Above whatever sets a ttl and returns.
    if (beresp.status >= 400) {
        set beresp.uncacheable = true;
        set beresp.ttl = 10s; # so long, requests for it do not wait for each other
        set beresp.grace = 0s;
        return (deliver);
    }
}
