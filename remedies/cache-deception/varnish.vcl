sub vcl_recv {
    if (req.url ~ "(?i)\.(css|js|png|ico)(\?|$)") {
        unset req.http.Cookie;
        return (hash);
    }
}
