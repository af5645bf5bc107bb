# Whoever has a token, whichever, gets what is stored.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    if (!req.http.Authorization) {
        return (synth(401));
    }
    unset req.http.Authorization; # want: varnish/strips-authorization
    return (hash);
}
