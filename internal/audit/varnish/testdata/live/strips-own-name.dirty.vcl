# The backend is asked in the name of the first who came.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    set req.http.X-Saved = req.http.Authorization;
    unset req.http.Authorization; # want: varnish/strips-authorization
}

sub vcl_backend_fetch {
    set bereq.http.Authorization = bereq.http.X-Saved;
}
