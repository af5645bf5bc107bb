# Sessions are cookies here, and what is somebody's passes.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    if (req.method != "GET" && req.method != "HEAD") {
        return (pass);
    }
    if (req.url ~ "^/(customer|checkout|cart|api)") {
        return (pass);
    }
    if (req.http.Cookie ~ "logged_in=") {
        return (pass);
    }
    unset req.http.Cookie;
    return (hash);
}
