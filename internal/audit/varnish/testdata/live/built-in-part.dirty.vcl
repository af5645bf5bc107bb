# The built-in check ends before it begins.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_req_authorization {
    return; # want: varnish/hash-ignores-authorization
}

sub vcl_recv {
    set req.http.X-Edge = "1";
}
