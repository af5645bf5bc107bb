# The built-in check has one more before it.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_req_authorization {
    if (req.http.Authorization ~ "^Basic ") {
        return (synth(403));
    }
}

sub vcl_recv {
    set req.http.X-Edge = "1";
}
