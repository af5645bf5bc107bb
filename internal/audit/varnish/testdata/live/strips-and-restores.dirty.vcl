# The token goes round the built-in check, to the backend.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    if (req.http.Authorization) {
        set req.http.X-Saved = req.http.Authorization;
        unset req.http.Authorization; # want: varnish/strips-authorization
    }
}

sub vcl_backend_fetch {
    if (bereq.http.X-Saved) {
        set bereq.http.Authorization = bereq.http.X-Saved;
        unset bereq.http.X-Saved;
    }
}
