# The field is emptied, and the request looked up.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    set req.http.Authorization = ""; # want: varnish/strips-authorization
    return (hash);
}
