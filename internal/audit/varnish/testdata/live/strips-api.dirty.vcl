# All of the API is asked for without a token.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    if (req.url ~ "^/api/") {
        unset req.http.Authorization; # want: varnish/strips-authorization
        return (hash);
    }
}
