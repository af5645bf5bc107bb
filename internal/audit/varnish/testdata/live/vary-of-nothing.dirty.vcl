# Vary names a field that is gone.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    unset req.http.Authorization; # want: varnish/strips-authorization
}

sub vcl_backend_response {
    set beresp.http.Vary = "Authorization";
}
