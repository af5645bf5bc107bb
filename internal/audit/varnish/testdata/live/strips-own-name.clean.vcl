# The backend is asked in Varnish's own name.
# shared: every answer is made for Varnish itself
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    unset req.http.Authorization;
}

sub vcl_backend_fetch {
    set bereq.http.Authorization = "Basic ZWRnZTplZGdl";
}
