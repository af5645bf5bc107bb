# What is left has no token.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    } elseif (req.http.Authorization) {
        return (pass);
    } else {
        return (hash);
    }
}
