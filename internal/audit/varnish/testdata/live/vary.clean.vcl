# The answers are told apart by token.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    return (hash);
}

sub vcl_backend_response {
    set beresp.http.Vary = "Accept-Language, Authorization";
}
