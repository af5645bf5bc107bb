vcl 4.1;

backend default {
    .host = "@web.host@";
    .port = "@web.port@";
}

sub vcl_recv {
    if (req.url ~ "^/static/") {
        unset req.http.Cookie;
        return (hash);
    }
    return (pass);
}

sub vcl_backend_response {
    if (beresp.status == 200) {
        set beresp.ttl = 60s;
    }
}
