# What the origin gives a lifetime is stored.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    return (hash); # want: varnish/hash-ignores-authorization
}

sub vcl_backend_fetch {
    set bereq.http.X-Lifetime = "60";
}

sub vcl_backend_response {
    if (beresp.http.Cache-Control !~ "max-age") {
        set beresp.uncacheable = true;
        return (deliver);
    }
}
