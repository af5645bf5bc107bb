# The first part of two returns.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    return (hash); # want: varnish/hash-ignores-authorization
}

sub vcl_recv {
    if (req.http.Authorization) {
        return (pass);
    }
}
