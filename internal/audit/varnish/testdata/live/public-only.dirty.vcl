# What the origin does not forbid is stored.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    return (hash); # want: varnish/hash-ignores-authorization
}

sub vcl_backend_response {
    if (bereq.http.Authorization && beresp.http.Cache-Control ~ "private") {
        set beresp.uncacheable = true;
        return (deliver);
    }
}
