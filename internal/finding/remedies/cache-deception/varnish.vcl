sub vcl_recv {
    # First, whatever the path looks like.
    if (req.http.Authorization) {
        return (pass);
    }
    # What is static is known by where it is, and not by the end of its path. Two dots may lead out.
    if (req.url ~ "^/static/" && req.url !~ "(?i)(\.|%2e){2}") {
        unset req.http.Cookie;
        return (hash);
    }
}
