sub vcl_recv {
    # An answer for everybody is made of what stands in its hash, the host and the URL, and of nothing
    # else that a client says.
    if (req.url ~ "^/api/catalog(\?|$)") {
        unset req.http.Authorization;
        unset req.http.Cookie;
        unset req.http.X-Forwarded-Host;
        unset req.http.X-Forwarded-Proto;
        unset req.http.X-Forwarded-For;
        unset req.http.X-Forwarded-Port;
        unset req.http.X-Forwarded-Prefix;
        unset req.http.Forwarded;
        return (hash);
    }
}
