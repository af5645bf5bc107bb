# Both conditions are of files, whatever else is asked between them and the return.
vcl 4.1;

backend default {
    .host = "127.0.0.1";
    .port = "8080";
}

sub vcl_recv {
    if (req.url ~ "^/static/" || req.url ~ "\.(css|js|png)(\?|$)") {
        if (req.http.X-Forwarded-Proto) {
            set req.http.X-Cached = "yes";
        }
        unset req.http.Cookie;
        return (hash);
    }
}
