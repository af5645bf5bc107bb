sub vcl_recv {
    if (req.url ~ "^/api/catalog(\?|$)") {
        unset req.http.Authorization;
        unset req.http.Cookie;
        return (hash);
    }
}
