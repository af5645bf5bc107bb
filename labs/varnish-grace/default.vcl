vcl 4.1;

backend default {
    .host = "@app.host@";
    .port = "@app.port@";
}

sub vcl_recv {
    return (hash);
}

sub vcl_backend_response {
    if (beresp.status == 200) {
        set beresp.ttl = 1s;
        set beresp.grace = 20s;
    }
}
