# The check stands in a comment and in a string.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    # if (req.http.Authorization) { return (pass); }
    set req.http.X-Note = {"if (req.http.Authorization) { return (pass); }"};
    return (hash); # want: varnish/hash-ignores-authorization
}
