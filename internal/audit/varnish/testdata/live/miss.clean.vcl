# Nothing that a bearer is answered is stored.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    return (hash);
}

sub vcl_miss {
    if (req.http.Authorization) {
        return (pass);
    }
}
