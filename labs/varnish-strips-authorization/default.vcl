vcl 4.1;

backend default {
    .host = "@app.host@";
    .port = "@app.port@";
}

sub vcl_recv {
    if (req.method == "GET" || req.method == "HEAD") {
        unset req.http.Cookie;
        return (hash);
    }
}
