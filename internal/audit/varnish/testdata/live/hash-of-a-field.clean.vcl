# The field in the hash is made of the token.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    unset req.http.X-Bearer;
    if (req.http.Authorization) {
        set req.http.X-Bearer = "as " + req.http.Authorization;
    }
    return (hash);
}

sub vcl_hash {
    hash_data(req.http.X-Bearer);
}
