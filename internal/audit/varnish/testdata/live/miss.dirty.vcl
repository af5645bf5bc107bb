# A bearer gets nothing that is stored, and what the first one is answered is.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    return (hash); # want: varnish/hash-ignores-authorization
}

sub vcl_hit {
    if (req.http.Authorization) {
        return (pass);
    }
}
