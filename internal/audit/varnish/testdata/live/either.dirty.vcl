# One of two conditions lets the API in.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    if (req.url ~ "^/static/" || req.url ~ "^/api/") {
        set req.http.X-Cached = "yes";
        return (hash); # want: varnish/hash-ignores-authorization
    }
}
