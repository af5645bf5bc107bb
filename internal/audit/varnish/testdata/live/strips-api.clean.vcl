# One operation of it, which is everybody's, is.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    if (req.url ~ "^/api/catalog(\?|$)") {
        unset req.http.Authorization;
        return (hash);
    }
}
