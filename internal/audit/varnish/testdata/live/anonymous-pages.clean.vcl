# Nobody has a session here, and who has a token passes.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    unset req.http.Cookie;
}

sub vcl_backend_response {
    unset beresp.http.Set-Cookie;
    set beresp.ttl = 5m;
    return (deliver);
}
