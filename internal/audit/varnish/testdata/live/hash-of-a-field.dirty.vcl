# The hash says that there is a token, not which.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    unset req.http.X-Bearer;
    if (req.http.Authorization) {
        set req.http.X-Bearer = "yes";
    }
    return (hash); # want: varnish/hash-ignores-authorization
}

sub vcl_hash {
    hash_data(req.http.X-Bearer);
}
