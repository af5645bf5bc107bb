# What a bearer is answered is not stored.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    return (hash);
}

sub vcl_backend_response {
    if (bereq.http.Authorization) {
        set beresp.uncacheable = true;
        return (deliver);
    }
}
