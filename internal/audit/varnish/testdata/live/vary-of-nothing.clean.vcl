# Vary names the field that has the token now.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    set req.http.X-Token = req.http.Authorization;
    unset req.http.Authorization;
}

sub vcl_backend_response {
    set beresp.http.Vary = "X-Token";
}
