# How long it is is hashed.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

import std;

sub vcl_recv {
    return (hash); # want: varnish/hash-ignores-authorization
}

sub vcl_hash {
    hash_data("" + std.strlen(req.http.Authorization));
}
