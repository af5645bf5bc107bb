# The end of the token is hashed, its signature.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    return (hash);
}

sub vcl_hash {
    hash_data(regsub(req.http.Authorization, "^.*(.{24})$", "\1"));
}
