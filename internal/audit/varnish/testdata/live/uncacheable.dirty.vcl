# What a bearer is answered is stored for a minute.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    return (hash); # want: varnish/hash-ignores-authorization
}

sub vcl_backend_response {
    if (bereq.http.Authorization) {
        set beresp.ttl = 60s;
        return (deliver);
    }
}
