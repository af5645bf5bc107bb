# The field is hashed (std.strlen is Fastly's, and in newer versions of Varnish).
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

import std;

sub vcl_recv {
    return (hash);
}

sub vcl_hash {
    hash_data("" + req.http.Authorization);
}
