# The token goes into a field that nobody hashes.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    set req.http.X-Token = regsub(req.http.Authorization, "^Bearer ", "");
    return (hash); # want: varnish/hash-ignores-authorization
}
